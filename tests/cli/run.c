// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/cgroup.h"
#include "program.h"
#include "support/harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(run, .init = harness_begin, .fini = harness_end);

/* 10 ms each. */
#define ROUNDS_MAX 3000

/* `run` makes its cgroup below the one it is started in, here that of the test. */
static struct program_options in_test_cgroup(void)
{
	return (struct program_options){ .cgroup = harness_cgroup() };
}

/* Words follow `cgfence run`. */
static struct program_result run(const char *const *words)
{
	const struct program_options options = in_test_cgroup();

	return program_run(&options, words);
}

static void start(struct program *program, const char *const *words)
{
	const struct program_options options = in_test_cgroup();

	program_start(program, &options, words);
}

static bool cgroup_exists(const char *name)
{
	struct stat status;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", cgroup_directory(harness_cgroup()), name);
	return stat(path, &status) == 0;
}

/* Wait until no process is in the cgroup. */
static bool becomes_empty(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/cgroup.events", cgroup_directory(harness_cgroup()),
		 name);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		char text[128] = "";
		FILE *file = fopen(path, "re");

		cr_assert(file, "%s", path);
		cr_assert_gt(fread(text, 1, sizeof(text) - 1, file), 0);
		fclose(file);
		if (strstr(text, "populated 0"))
			return true;
		usleep(10 * 1000);
	}
	return false;
}

Test(run, exits_as_the_command_did)
{
	assert_done(run(WORDS("run", "--", "true")));
	assert_status(run(WORDS("run", "--", "false")), 1);
	assert_status(run(WORDS("run", "sh", "-c", "exit 7")), 7);
	assert_status(run(WORDS("run", "--", "sh", "-c", "kill -KILL $$")), 128 + SIGKILL);
	assert_status(run(WORDS("run", "--", "sh", "-c", "kill -TERM $$")), 128 + SIGTERM);
}

Test(run, a_command_that_is_not_found)
{
	struct program_result result = run(WORDS("run", "--", "cgfence-no-such-command"));

	assert_fails(result, 127, "'cgfence-no-such-command'");
	assert_fails(run(WORDS("run", "--", "/nowhere/at/all")), 127, "'/nowhere/at/all'");
}

Test(run, a_command_that_cannot_be_run)
{
	assert_fails(run(WORDS("run", "--", "/etc/passwd")), 126, "'/etc/passwd'");
	assert_fails(run(WORDS("run", "--", "/etc")), 126, "'/etc'");
}

Test(run, what_cgfence_fails_at)
{
	struct program_options options = in_test_cgroup();

	assert_fails(run(WORDS("run", "-p", "/nowhere/policy.json", "--", "true")), 125,
		     "/nowhere/policy.json");
	options.input = "{'devices': {'allow': ['x']}}";
	assert_fails(program_run(&options, WORDS("run", "-p", "-", "--", "true")), 125,
		     ":1:24: devices.allow[0]: ");
	assert_fails(run(WORDS("run", "-n", "a/b", "--", "true")), 125, "'a/b'");
	assert_fails(run(WORDS("run", "-n", "odd\xff", "--", "true")), 125, "UTF-8");
	harness_child_cgroup(harness_cgroup(), "taken");
	assert_fails(run(WORDS("run", "-n", "taken", "--", "true")), 125, "taken");
	cr_assert(cgroup_exists("taken"));
}

Test(run, the_words_of_the_command_are_its_own)
{
	struct program_result result = run(WORDS("run", "echo", "--help", "-n", "x"));

	assert_done(result);
	cr_assert_str_eq(result.output, "--help -n x\n");
}

Test(run, the_command_is_in_its_cgroup_from_the_start)
{
	struct program_result result =
		run(WORDS("run", "-n", "web", "--", "cat", "/proc/self/cgroup"));
	char line[256];

	assert_done(result);
	snprintf(line, sizeof(line), "0::%s/web\n", cgfence_cgroup_path(harness_cgroup()));
	assert_has(result.output, line);
	cr_assert(!cgroup_exists("web"));
}

Test(run, the_first_instruction_is_fenced)
{
	struct program_options options = in_test_cgroup();
	struct program_result result;

	/* The kernel itself opens nothing for it, so the command opens the first device. */
	options.input = "{'devices': {}}";
	result = program_run(&options, WORDS("run", "-p", "-", "--", "dd", "if=/dev/null"));
	assert_status(result, 1);
	assert_has(result.errors, "Operation not permitted");
}

Test(run, default_policy)
{
	char script[256];

	snprintf(script, sizeof(script), ": >/dev/null && ! (: >%s) 2>/dev/null",
		 harness_node("c 1:11"));
	assert_done(run(WORDS("run", "--", "sh", "-c", script)));
}

Test(run, policy_from_a_file)
{
	const char *path = program_file("policy.json", "{'devices': {'allow': ['c 1:5 r']}}");

	assert_done(run(WORDS("run", "-p", path, "--", "sh", "-c", ": </dev/zero")));
	assert_status(run(WORDS("run", "--policy", path, "--", "sh", "-c", ": </dev/null")), 2);
}

Test(run, policy_from_standard_input)
{
	struct program_options options = in_test_cgroup();

	options.input = "{'devices': {'allow': ['c 1:5 r']}}";
	assert_done(
		program_run(&options, WORDS("run", "-p", "-", "--", "sh", "-c", ": </dev/zero")));
	assert_status(program_run(&options,
				  WORDS("run", "-p", "-", "--", "sh", "-c", ": </dev/null")),
		      2);
}

Test(run, standard_input_is_passed_on)
{
	struct program_options options = in_test_cgroup();
	struct program_result result;

	options.input = "hello\n";
	result = program_run(&options, WORDS("run", "--", "cat"));
	assert_done(result);
	cr_assert_str_eq(result.output, "hello\n");
}

Test(run, the_name_is_that_of_cgroup_and_policy)
{
	struct program program;
	json_t *status;
	json_t *element;
	struct program_result result;
	char path[256];

	start(&program, WORDS("run", "-n", "web", "--", "sh", "-c", "echo ready; read line"));
	program_expect(&program, "ready");
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	status = program_json(&result);
	cr_assert_eq(json_array_size(status), 1);
	element = json_array_get(status, 0);
	snprintf(path, sizeof(path), "%s/web", cgfence_cgroup_path(harness_cgroup()));
	cr_assert_str_eq(json_string_value(json_object_get(element, "cgroup")), path);
	cr_assert_str_eq(json_string_value(json_object_get(element, "name")), "web");
	json_decref(status);
	program_type(&program, "\n");
	program_finish(&program);
	assert_done(program.result);
	cr_assert(!cgroup_exists("web"));
}

Test(run, a_policy_keeps_its_own_name)
{
	const char *path =
		program_file("policy.json", "{'name': 'own', 'devices': {'defaults': true}}");
	struct program_result result;
	struct program program;

	start(&program,
	      WORDS("run", "-p", path, "-n", "web", "--", "sh", "-c", "echo ready; read line"));
	program_expect(&program, "ready");
	result = program_run(NULL, WORDS("status"));
	assert_has(result.output, "/web\town\tenforce\t");
	program_finish(&program);
}

Test(run, what_the_command_leaves_running_goes_with_the_cgroup)
{
	struct program_result result =
		run(WORDS("run", "-n", "web", "--", "sh", "-c", "setsid sleep 100 & exit 5"));

	assert_status(result, 5);
	cr_assert(!cgroup_exists("web"));
	result = program_run(NULL, WORDS("status", "--json"));
	cr_assert_str_eq(result.output, "[]\n");
}

Test(run, cgroups_that_the_command_made_go_too)
{
	char script[600];

	snprintf(script, sizeof(script),
		 "mkdir -p %s/web/a/b; sleep 100 & echo $! >%s/web/a/b/cgroup.procs",
		 cgroup_directory(harness_cgroup()), cgroup_directory(harness_cgroup()));
	assert_done(run(WORDS("run", "-n", "web", "--", "sh", "-c", script)));
	cr_assert(!cgroup_exists("web"));
}

/* Their path is longer than any that the kernel takes. */
Test(run, cgroups_that_the_command_made_below_each_other_go_too)
{
	char script[600];

	snprintf(
		script, sizeof(script),
		"name=%0*d; cd %s/web; for i in $(seq 45); do mkdir $name && cd -P $name || exit 1; done; "
		"sleep 100 & echo $! >cgroup.procs",
		100, 0, cgroup_directory(harness_cgroup()));
	assert_done(run(WORDS("run", "-n", "web", "--", "sh", "-c", script)));
	cr_assert(!cgroup_exists("web"));
}

/* Made so by hand, or by a controller that is enabled in a cgroup with processes in it. */
Test(run, below_a_thread_root)
{
	struct cgfence_cgroup *root = harness_child_cgroup(harness_cgroup(), "root");
	const struct program_options options = { .cgroup = root };
	struct program_result result;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.type",
		 cgroup_directory(harness_child_cgroup(root, "threads")));
	file = fopen(path, "we");
	cr_assert(file);
	cr_assert_geq(fputs("threaded", file), 0);
	cr_assert_eq(fclose(file), 0);
	result = program_run(&options,
			     WORDS("run", "-n", "web", "--", "sh", "-c",
				   "grep ^0: /proc/self/cgroup; ! (: >/dev/kmsg) 2>/dev/null;"
				   " (sleep 100 &) >/dev/null"));
	assert_done(result);
	assert_has(result.output, "/root/web\n");
	cr_assert(!cgroup_exists("root/web"));
}

Test(run, the_fence_of_the_caller_holds_too)
{
	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['a *:* rwm'], 'deny': ['c 1:5 r']}}");
	assert_status(run(WORDS("run", "--", "sh", "-c", ": </dev/zero")), 2);
}

Test(run, sigterm_reaches_the_command)
{
	struct program program;

	start(&program,
	      WORDS("run", "--", "sh", "-c", "trap 'exit 3' TERM; sleep 100 & echo ready; wait"));
	program_expect(&program, "ready");
	kill(program.pid, SIGTERM);
	program_finish(&program);
	assert_status(program.result, 3);
}

Test(run, sigterm_ends_a_command_that_does_not_care)
{
	struct program program;

	start(&program, WORDS("run", "-n", "web", "--", "sh", "-c", "echo ready; exec sleep 100"));
	program_expect(&program, "ready");
	kill(program.pid, SIGTERM);
	program_finish(&program);
	assert_status(program.result, 128 + SIGTERM);
	cr_assert(!cgroup_exists("web"));
}

static bool becomes_stopped(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		char state = 0;
		FILE *file = fopen(path, "re");

		cr_assert(file, "%s", path);
		cr_assert_eq(fscanf(file, "%*d %*s %c", &state), 1);
		fclose(file);
		if (state == 'T')
			return true;
		usleep(10 * 1000);
	}
	return false;
}

Test(run, stops_and_goes_on_with_the_command)
{
	struct program program;

	start(&program,
	      WORDS("run", "--", "sh", "-c", "echo ready; kill -STOP $$; read line; exit 6"));
	program_expect(&program, "ready");
	cr_assert(becomes_stopped(program.pid));
	kill(program.pid, SIGCONT);
	program_finish(&program);
	assert_status(program.result, 6);
}

Test(run, a_caller_that_ignores_its_children)
{
	struct program_options options = in_test_cgroup();

	options.ignores_children = true;
	assert_status(program_run(&options, WORDS("run", "--", "sh", "-c", "exit 7")), 7);
}

static void kill_cgfence_and_sweep(const char *const *sweeper)
{
	const struct program_options options = in_test_cgroup();
	struct program program;

	start(&program, WORDS("run", "-n", "web", "--", "sh", "-c", "echo ready; exec sleep 100"));
	program_expect(&program, "ready");
	kill(program.pid, SIGKILL);
	program_finish(&program);
	cr_assert(becomes_empty("web"), "the command outlived cgfence");
	cr_assert(cgroup_exists("web"));
	assert_done(program_run(&options, sweeper));
	cr_assert(!cgroup_exists("web"));
}

Test(run, killed_cgfence_is_swept_by_status)
{
	kill_cgfence_and_sweep(WORDS("status"));
}

Test(run, killed_cgfence_is_swept_by_the_next_run)
{
	kill_cgfence_and_sweep(WORDS("run", "--", "true"));
}

Test(run, a_running_command_is_not_swept)
{
	struct program program;

	start(&program,
	      WORDS("run", "-n", "web", "--", "sh", "-c", "echo ready; read line; exit 4"));
	program_expect(&program, "ready");
	assert_done(program_run(NULL, WORDS("status")));
	assert_done(run(WORDS("run", "--", "true")));
	cr_assert(cgroup_exists("web"));
	program_type(&program, "\n");
	program_finish(&program);
	assert_status(program.result, 4);
}

static void make_cgroup(const char *format, int number)
{
	char name[64];

	snprintf(name, sizeof(name), format, number);
	harness_child_cgroup(harness_cgroup(), name);
}

static bool has_cgroup(const char *format, int number)
{
	char name[64];

	snprintf(name, sizeof(name), format, number);
	return cgroup_exists(name);
}

/* What a run leaves that was killed before its cgroup had a fence is told by its name, which has the process. */
Test(run, a_cgroup_that_never_had_a_fence_is_swept)
{
	pid_t dead = fork();

	if (dead == 0)
		_exit(0);
	cr_assert_eq(waitpid(dead, NULL, 0), dead);
	make_cgroup("cgfence-run-%d", dead);
	make_cgroup("cgfence-run-%dx", dead);
	make_cgroup("cgfence-run-%d", getpid());
	assert_done(run(WORDS("run", "--", "true")));
	cr_expect_not(has_cgroup("cgfence-run-%d", dead));
	cr_expect(has_cgroup("cgfence-run-%dx", dead));
	cr_expect(has_cgroup("cgfence-run-%d", getpid()));
}

Test(run, a_limit_of_cgroups_is_named)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.max.descendants",
		 cgroup_directory(harness_cgroup()));
	file = fopen(path, "we");
	cr_assert(file);
	fputs("0", file);
	cr_assert_eq(fclose(file), 0);
	assert_fails(run(WORDS("run", "--", "true")), 125, "cgroup.max.descendants");
}
