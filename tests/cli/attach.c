// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "holder.h"
#include "cgroup/cgroup.h"
#include "program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(attach, .init = harness_begin, .fini = harness_end);

/* With ' for ". */
static struct program_result attach_input(const char *policy)
{
	const struct program_options options = { .input = policy };

	return program_run(&options, WORDS("attach", cgfence_cgroup_path(harness_cgroup()), "-"));
}

static json_int_t generation(void)
{
	json_t *status = program_status(harness_cgroup());
	json_int_t number = json_integer_value(json_object_get(status, "generation"));

	json_decref(status);
	return number;
}

static void assert_says(const struct program_result *result, const char *format)
{
	char expected[256];

	snprintf(expected, sizeof(expected), format, cgfence_cgroup_path(harness_cgroup()));
	cr_assert_str_eq(result->output, expected);
}

static void assert_fenced_by_default(void)
{
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:11", O_WRONLY), EPERM);
}

Test(attach, without_a_file_the_default_policy_is_used)
{
	struct program_result result =
		program_run(NULL, WORDS("attach", cgfence_cgroup_path(harness_cgroup())));

	assert_done(result);
	assert_says(&result, "Fenced %s.\n");
	assert_fenced_by_default();
}

Test(attach, from_a_file)
{
	const char *path = program_file("policy.json", "{'devices': {'allow': ['c 1:5 r']}}");
	struct program_result result =
		program_run(NULL, WORDS("attach", cgfence_cgroup_path(harness_cgroup()), path));

	assert_done(result);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
}

Test(attach, from_standard_input)
{
	assert_done(attach_input("{'devices': {'allow': ['c 1:5 r']}}"));
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
}

Test(attach, the_same_policy_changes_nothing)
{
	struct program_result result;

	assert_done(attach_input("{'devices': {'allow': ['c 1:5 r', 'c 1:3 r']}}"));
	/* Written differently, but the same policy. */
	result = attach_input(
		"{'enforce': true, 'devices': {'allow': ['c 1:3 r', 'c 1:5 r', 'c 1:3 r']}}");
	assert_done(result);
	assert_says(&result,
		    "%s has this policy already; nothing changed except how it is written.\n");
	cr_assert_eq(generation(), 1);
}

Test(attach, replacing_raises_the_generation_and_keeps_counters)
{
	struct program_result result;
	json_int_t denied = 0;
	json_t *status;

	assert_done(attach_input("{'devices': {}}"));
	cr_assert_eq(generation(), 1);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	result = attach_input("{'devices': {'defaults': true}}");
	assert_done(result);
	assert_says(&result, "Replaced the policy of %s.\n");
	status = program_status(harness_cgroup());
	cr_assert_eq(json_unpack(status, "{s:{s:{s:I}}}", "counters", "device", "denied", &denied),
		     0);
	cr_assert_eq(denied, 1);
	json_decref(status);
	cr_assert_eq(generation(), 2);
	assert_fenced_by_default();
}

Test(attach, invalid_policy_leaves_what_was_in_force)
{
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());
	struct program_result before;
	struct program_result after;

	assert_done(attach_input("{'devices': {'defaults': true}}"));
	before = program_run(NULL, WORDS("show", cgroup));
	assert_fails(attach_input("{'devices':\n {'allow': ['c 1:11 w', 'x']}}"), 2,
		     ":2:25: devices.allow[1]: \"x\": ");
	after = program_run(NULL, WORDS("show", cgroup));
	cr_assert_str_eq(after.output, before.output);
	cr_assert_eq(generation(), 1);
	assert_fenced_by_default();
}

Test(attach, invalid_policy_attaches_nothing)
{
	assert_fails(attach_input("{'devices': {'allow': 7}}"), 2, "devices.allow: 7: ");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(attach, a_file_that_cannot_be_read)
{
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());

	assert_fails(program_run(NULL, WORDS("attach", cgroup, "/nowhere/policy.json")), 1,
		     "/nowhere/policy.json");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(attach, by_absolute_path)
{
	struct program_result result =
		program_run(NULL, WORDS("attach", cgroup_directory(harness_cgroup())));

	assert_done(result);
	assert_says(&result, "Fenced %s.\n");
	assert_fenced_by_default();
}

Test(attach, by_relative_path)
{
	struct program_result result =
		program_run(NULL, WORDS("attach", cgfence_cgroup_path(harness_cgroup()) + 1));

	assert_done(result);
	assert_says(&result, "Fenced %s.\n");
	assert_fenced_by_default();
}

Test(attach, by_process)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .by_words = true };
	struct program sleeper;
	struct program_result result;
	char name[32];

	program_start(&sleeper, &options, WORDS("sh", "-c", "echo ready; exec sleep 100"));
	program_expect(&sleeper, "ready");
	snprintf(name, sizeof(name), "pid:%d", sleeper.pid);
	result = program_run(NULL, WORDS("attach", name));
	assert_done(result);
	assert_says(&result, "Fenced %s.\n");
	kill(sleeper.pid, SIGKILL);
	program_finish(&sleeper);
	assert_fenced_by_default();
}

/* As a service does before it starts. */
Test(attach, by_itself)
{
	const struct program_options options = { .cgroup = harness_cgroup() };
	struct program_result result = program_run(&options, WORDS("attach", "pid:self"));

	assert_done(result);
	assert_says(&result, "Fenced %s.\n");
	assert_fenced_by_default();
}

Test(attach, no_such_cgroup)
{
	assert_fails(program_run(NULL, WORDS("attach", "cgfence-test-none/below")), 1,
		     "cgfence-test-none/below");
	assert_fails(program_run(NULL, WORDS("attach", "/etc")), 1, "/etc");
	assert_fails(program_run(NULL, WORDS("attach", "")), 2, "empty");
	assert_fails(program_run(NULL, WORDS("attach", "pid:me")), 2, "pid:self");
	assert_fails(program_run(NULL, WORDS("attach", "pid:4194305")), 1, "4194305");
}

Test(attach, root_is_refused)
{
	/* An audit, so that it does no harm if the refusal fails. */
	const struct program_options options = {
		.input = "{'enforce': false, 'devices': {'defaults': true}}"
	};

	assert_fails(program_run(&options, WORDS("attach", "/", "-")), 1, "--force");
}

Test(attach, a_program_in_the_way_is_named)
{
	const struct bpf_insn allow_all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program =
		bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "not_ours", "GPL", allow_all, 2, NULL);

	cr_assert_geq(program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(harness_cgroup()),
				     BPF_CGROUP_DEVICE, 0),
		     0);
	assert_fails(attach_input("{'devices': {}}"), 1, "'not_ours'");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 1);
	close(program);
}

TestSuite(attach_excess, .init = sockets_begin, .fini = harness_end);

/* Attaches to sockets_fence(), with ' for ". */
static struct program_result attach_ports(const char *policy)
{
	const struct program_options options = { .input = policy };

	return program_run(&options, WORDS("attach", cgfence_cgroup_path(sockets_fence()), "-"));
}

Test(attach_excess, listeners_that_are_there_already_are_reported_and_left)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	const struct holder_options good_options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 8080",
	};
	const struct holder_options bad_options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 7001",
		.comm = "a\033[2J",
	};
	struct program_result result;
	struct holder good;
	struct holder bad;
	char expected[512];

	holder_start(&good, &good_options);
	holder_start(&bad, &bad_options);
	result = attach_ports("{'ports': [8080], 'on_violation': 'close'}");
	assert_status(result, 0);
	snprintf(expected, sizeof(expected), "Fenced %s.\n", path);
	cr_expect_str_eq(result.output, expected);
	snprintf(expected, sizeof(expected),
		 "cgfence: tcp 127.0.0.1:7001 is in excess already, held by process %d "
		 "(a\\x1b[2J) in %s: tcp port 7001 is not assigned.\n",
		 bad.pid, path);
	cr_expect_str_eq(result.errors, expected);
	cr_expect(holder_is_reachable(&bad));
	cr_expect(holder_is_reachable(&good));
	/* It is reported as long as it is in excess, and no longer. */
	result = attach_ports("{'ports': [8080], 'on_violation': 'close'}");
	assert_status(result, 0);
	assert_has(result.output, "nothing changed");
	cr_expect_str_eq(result.errors, expected);
	assert_done(attach_ports("{'ports': [8080, 7001], 'on_violation': 'close'}"));
	holder_stop(&good);
	holder_stop(&bad);
}

Test(attach_excess, nobody_may_hold_it)
{
	struct program_result result;
	struct holder holder;

	/* Made in the fence, and held by a process that has left it since. */
	holder_start(&holder, &(const struct holder_options){ .cgroup = sockets_fence(),
							      .endpoint = "tcp ::1 7001",
							      .leaves = true });
	result = attach_ports("{'ports': [8080]}");
	assert_status(result, 0);
	assert_has(result.errors, "cgfence: tcp [::1]:7001 is in excess already, made in ");
	assert_has(result.errors, "nobody in it holds it.\n");
	holder_stop(&holder);
}
