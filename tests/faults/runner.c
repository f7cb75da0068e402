// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runner.h"
#include "support/harness.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct runner runner;

struct tracer_options runner_options(void)
{
	return (struct tracer_options){ .old_kernel = runner.old_kernel };
}

static const char *program_path(void)
{
	const char *path = getenv("CGFENCE_FAULTS_PROGRAM");

	/* Not the one with sanitizers: LeakSanitizer does not work under ptrace. */
	return path ? path : "build/cgfence";
}

void runner_run(const char *const *words, const struct tracer_options *options,
		struct tracer_result *result)
{
	const char *argv[RUNNER_WORDS_MAX + 2] = { program_path() };
	int code;

	for (size_t i = 0; i < RUNNER_WORDS_MAX && words[i]; i++)
		argv[i + 1] = words[i];
	code = tracer_run(argv, options, result);
	cr_assert_eq(code, 0, "%s: %s", argv[0], strerror(-code));
}

void runner_write_policy(char path[RUNNER_PATH_SIZE], const char *name, const char *text)
{
	FILE *file;

	snprintf(path, RUNNER_PATH_SIZE, "%s/%s", harness_directory(), name);
	file = fopen(path, "we");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

bool runner_complain(const char *format, ...)
{
	char fault[64] = "killed";
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (runner.fault.fault == TRACER_ERROR)
		snprintf(fault, sizeof(fault), "failed with '%s'", strerror(runner.fault.code));
	runner.failures++;
	cr_expect_fail("%s, %s at call %zu, %s: %s; errors '%s'", runner.command, fault,
		       runner.fault.index, runner.struck.call, text, runner.struck.errors);
	return false;
}
