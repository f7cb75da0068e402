// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `run` says of processes that left its cgroup. */
#include "cgroup/cgroup.h"
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <string.h>

#define LEFT " left the cgroup "

static const struct cgfence_cgroup *other;

/* Where processes go to. */
static void prepare(void)
{
	harness_begin();
	other = harness_child_cgroup(harness_cgroup(), "other");
}

TestSuite(run_strays, .init = prepare, .fini = harness_end);

/* @script has the directory of the other cgroup as $1, and cgfence as $0. */
static void start(struct program *program, bool terminal, const char *script)
{
	const struct program_options options = { .cgroup = harness_cgroup(),
						 .by_words = true,
						 .terminal = terminal };

	program_start(program, &options,
		      WORDS("sh", "-c", script, program_path(), cgroup_directory(other)));
}

static struct program_result run(const char *script)
{
	struct program program;

	start(&program, false, script);
	program_finish(&program);
	return program.result;
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

/* @name: the end of that of the process, with its parenthesis; @place: below the other cgroup */
static void assert_said(const char *text, const char *name, const char *place)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "%s" LEFT "%s/web and is in %s%s: the fence does not hold for it", name,
		 cgfence_cgroup_path(harness_cgroup()), cgfence_cgroup_path(other), place);
	assert_has(text, line);
}

Test(run_strays, the_command_itself)
{
	struct program_result result =
		run("exec \"$0\" run -n web -- sh -c 'echo 0 >\"$0/cgroup.procs\"; exit 5' \"$1\"");

	assert_status(result, 5);
	assert_said(result.errors, "(sh)", "");
	cr_assert_eq(count(result.errors, LEFT), 1, "%s", result.errors);
}

/* As the monitor of a container does. */
Test(run_strays, one_that_outlives_the_command)
{
	struct program_result result =
		run("exec \"$0\" run -n web -- sh -c "
		    "'(sleep 100 & echo $! >\"$0/cgroup.procs\") >/dev/null 2>&1' \"$1\"");

	assert_status(result, 0);
	assert_said(result.errors, ")", "");
}

/* As a container does that runs in the foreground. The terminal has both streams. */
Test(run_strays, one_that_is_there_while_the_command_runs)
{
	struct program program;

	start(&program, true,
	      "exec \"$0\" run -n web -- sh -c "
	      "'sh -c \"echo 0 >$0/cgroup.procs; read line; exit 4\"; exit $?' \"$1\"");
	program_expect(&program, "does not hold for it");
	program_type(&program, "\n");
	program_finish(&program);
	assert_status(program.result, 4);
	assert_said(program.result.output, "(sh)", "");
}

Test(run_strays, a_name_with_a_newline)
{
	struct program_result result = run(
		"exec \"$0\" run -n web -- sh -c "
		"'printf \"a)\\n(b\" >/proc/$$/comm; echo 0 >\"$0/cgroup.procs\"; exit 5' \"$1\"");

	assert_status(result, 5);
	assert_said(result.errors, "(b)", "");
	cr_assert_eq(count(result.errors, "\n"), 1, "%s", result.errors);
}

Test(run_strays, a_place_is_named_once_and_not_every_place)
{
	struct program_result result = run(
		"exec \"$0\" run -n web -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do mkdir $0/$i;"
		" for j in 1 2; do sleep 100 & echo $! >$0/$i/cgroup.procs; done; done' \"$1\" "
		">/dev/null");

	assert_status(result, 0);
	assert_said(result.errors, ")", "/1");
	assert_said(result.errors, ")", "/8");
	cr_assert_eq(count(result.errors, LEFT), 8, "%s", result.errors);
}

Test(run_strays, a_cgroup_of_its_own_below_is_no_other_place)
{
	assert_done(
		run("exec \"$0\" run -n web -- sh -c 'mkdir $0/../web/a &&"
		    " echo 0 >$0/../web/a/cgroup.procs && (sleep 100 &) >/dev/null 2>&1' \"$1\""));
}

/* Neither are they the command's, nor is what becomes of them its business. */
Test(run_strays, children_of_the_caller_are_not_those_of_the_command)
{
	assert_done(run("(sleep 100 & exec sleep 0) >/dev/null 2>&1 & sleep 100 >/dev/null 2>&1 &"
			" exec \"$0\" run -n web -- true"));
}
