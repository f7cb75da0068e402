// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tables fit a terminal and are aligned by columns, and nothing in them, or in a message, steers it. */
#include "program.h"
#include "kernel/trial.h"
#include "support/harness.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

TestSuite(tables, .init = harness_begin, .fini = harness_end);

#define LONG_NAME "a-service-with-a-name-that-takes-more-than-half-of-a-line"
#define WIDE_NAME "\xe4\xb8\xad\xe6\x96\x87 caf\xc3\xa9" /* 9 columns, 12 bytes */
#define ELLIPSIS "\xe2\x80\xa6"
#define HOSTILE_NAME "a\x1b[31mb\xc2\x9b"

static size_t columns_of(const char *text, size_t length)
{
	wchar_t wide[1024];
	char line[1024];

	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	snprintf(line, sizeof(line), "%.*s", (int)length, text);
	cr_assert_neq(mbstowcs(wide, line, 1024), (size_t)-1, "'%s'", line);
	return (size_t)wcswidth(wide, 1024);
}

/* The columns before @part in its line. */
static size_t column_of(const char *output, const char *part)
{
	const char *found = strstr(output, part);
	const char *begin = found;

	cr_assert(found, "'%s' is not in '%s'", part, output);
	while (begin > output && begin[-1] != '\n')
		begin--;
	return columns_of(begin, (size_t)(found - begin));
}

static void assert_fits(const char *output, size_t columns)
{
	while (*output) {
		size_t length = strcspn(output, "\r\n");

		cr_assert_leq(columns_of(output, length), columns, "'%.*s'", (int)length, output);
		output += length;
		output += strspn(output, "\r\n");
	}
}

static struct program_result run_on_terminal(unsigned short columns, const char *command)
{
	const struct program_options options = { .terminal = true, .columns = columns };

	return program_run(&options, WORDS(command));
}

Test(tables, list_fits_on_80_and_has_the_end_of_each_path)
{
	struct cgfence_cgroup *parent = harness_child_cgroup(harness_cgroup(), LONG_NAME);
	struct cgfence_cgroup *child = harness_child_cgroup(parent, "worker");
	struct program_result result;

	harness_attach(child, "{'name': '" LONG_NAME "', 'devices': {}}");
	result = run_on_terminal(80, "list");
	assert_done(result);
	assert_fits(result.output, 80);
	cr_assert_eq(strncmp(result.output, "CGROUP ", 7), 0, "'%s'", result.output);
	assert_has(result.output, ELLIPSIS);
	assert_has(result.output, "/worker  a-service-with-a");
	assert_has(result.output, ELLIPSIS "  enforce  0\r\n");
	assert_has(run_on_terminal(200, "list").output, "  " LONG_NAME "  enforce  0\r\n");
}

Test(tables, in_a_pipe_all_is_whole)
{
	struct cgfence_cgroup *parent = harness_child_cgroup(harness_cgroup(), LONG_NAME);
	struct program_result result;
	char line[512];

	harness_attach(parent, "{'name': '" LONG_NAME "', 'devices': {}}");
	result = program_run(NULL, WORDS("list", cgfence_cgroup_path(parent)));
	assert_done(result);
	snprintf(line, sizeof(line), "CGROUP\tNAME\tMODE\tDENIED\n%s\t" LONG_NAME "\tenforce\t0\n",
		 cgfence_cgroup_path(parent));
	cr_assert_str_eq(result.output, line);
}

Test(tables, columns_count_and_not_bytes)
{
	struct cgfence_cgroup *one = harness_child_cgroup(harness_cgroup(), "one");
	struct cgfence_cgroup *two = harness_child_cgroup(harness_cgroup(), "two");
	struct program_result result;

	harness_attach(one, "{'name': '" WIDE_NAME "', 'devices': {}}");
	harness_attach(two, "{'name': 'web', 'enforce': false, 'devices': {}}");
	result = run_on_terminal(0, "list");
	assert_done(result);
	cr_assert_eq(column_of(result.output, "enforce"), column_of(result.output, "MODE"));
	cr_assert_eq(column_of(result.output, "audit"), column_of(result.output, "MODE"));
	cr_assert_eq(column_of(result.output, "MODE"), column_of(result.output, "NAME") + 11);
}

/* The date and what was refused are worth more than a process that is gone, or the whole name of a hook. */
Test(tables, columns_are_left_out_where_shortening_is_not_enough)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	harness_open(harness_cgroup(), "c 1:3", O_RDONLY);
	result = run_on_terminal(80, "denials");
	assert_done(result);
	assert_fits(result.output, 80);
	assert_has(result.output, "c 1:3 r");
	assert_has(result.output, "COMM");
	assert_lacks(result.output, "FIRST");
	assert_has(run_on_terminal(0, "denials").output, "FIRST");
	result = run_on_terminal(60, "status");
	assert_fits(result.output, 60);
	assert_lacks(result.output, "GENERATION");
}

Test(tables, what_leaving_out_columns_frees_is_given_back)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "worker-of-a-web");
	struct program_result result;

	harness_attach(child, "{'devices': {}}");
	result = run_on_terminal(80, "status");
	assert_done(result);
	assert_fits(result.output, 80);
	assert_lacks(result.output, "GENERATION");
	assert_has(result.output, "/worker-of-a-web  ");
}

/* Its other fence lacks nothing. */
Test(tables, what_a_fence_lacks_is_left_out_last)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), LONG_NAME);
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	trial_remember("reads", TRIAL_REFUSED);
	harness_attach(child, "{'name': '" LONG_NAME "', 'ports': ['ipv6:8080']}");
	result = run_on_terminal(80, "status");
	assert_done(result);
	assert_fits(result.output, 80);
	assert_has(result.output, "MISSING");
	assert_has(result.output, "v6only");
	assert_lacks(result.output, "HOOKS");
}

static void assert_harmless(const char *text)
{
	for (const char *at = text; *at; at++)
		cr_assert((unsigned char)*at >= ' ' || strchr("\n\t", *at), "'%s'", text);
	assert_lacks(text, "\xc2\x9b");
}

Test(tables, no_message_passes_on_what_steers_a_terminal)
{
	struct cgfence_cgroup *hostile = harness_child_cgroup(harness_cgroup(), HOSTILE_NAME);
	const char *path = cgfence_cgroup_path(hostile);
	const struct {
		const char *words[6];
		bool fails;
	} cases[] = {
		{ { "show", path }, true },
		{ { "status", path }, true },
		{ { "reconcile", path }, true },
		{ { "allow", path, "device", "c 1:3 r" }, true },
		{ { "detach", path }, false },
		{ { "attach", path }, false },
		{ { "allow", path, "device", "c 10:229 r" }, false },
		{ { "revoke", path, "device", "c 10:229 r" }, false },
		{ { "list" }, false },
		{ { "status", "--json" }, false },
		{ { "denials", path }, false },
		{ { "explain", path, "device", "c 1:3 r" }, false },
		{ { "detach", path }, false },
		{ { "show", "no\x1b[31msuch" }, true },
		{ { "check", "no\x1b[31msuch" }, true },
		{ { "he\x1b[31mlp" }, true },
		{ { "status", "--\x1b[31m" }, true },
		{ { "explain", path, "dev\x1b[31m", "c" }, true },
		{ { "allow", path, "port", "t\x1b[31m", "1" }, true },
		{ { "run", "--", "no\x1b[31msuch" }, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *words = cases[i].words;
		struct program_result result = program_run(
			NULL, WORDS(words[0], words[1], words[2], words[3], words[4], words[5]));

		cr_expect_eq(result.status != 0, cases[i].fails, "%s %s: %d, '%s'", words[0],
			     words[1], result.status, result.errors);
		cr_expect(*(cases[i].fails ? result.errors : result.output), "%s", words[0]);
		assert_harmless(result.output);
		assert_harmless(result.errors);
	}
}
