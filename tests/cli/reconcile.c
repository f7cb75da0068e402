// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "holder.h"
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(reconcile, .init = sockets_begin, .fini = harness_end);

#define LOG "{'ports': [1]}"
#define CLOSE "{'ports': [1], 'on_violation': 'close'}"
#define KILL "{'ports': [1], 'on_violation': 'kill'}"

static struct program_result reconcile(const struct cgfence_cgroup *cgroup)
{
	return program_run(NULL, WORDS("reconcile", cgfence_cgroup_path(cgroup)));
}

static struct program_result reconcile_json(void)
{
	return program_run(NULL, WORDS("reconcile", "--json"));
}

/* The object of the only line, to be given to json_decref(). */
static json_t *only_line(const struct program_result *result)
{
	cr_assert_eq(strcspn(result->output, "\n") + 1, strlen(result->output),
		     "not one line: '%s', errors '%s'", result->output, result->errors);
	return parse_object(result->output);
}

Test(reconcile, nothing_in_excess)
{
	struct holder holder;

	assert_done(reconcile_json());
	harness_attach(sockets_fence(), LOG);
	assert_done(reconcile_json());
	cr_expect_str_eq(reconcile_json().output, "");
	cr_expect_str_eq(reconcile(sockets_fence()).output, "No listener is in excess.\n");
	/* A listener outside all fences is ignored. */
	holder_start_excess(&holder, harness_cgroup());
	cr_expect_str_eq(reconcile_json().output, "");
	assert_done(reconcile_json());
	cr_expect(holder_is_reachable(&holder));
	holder_stop(&holder);
}

Test(reconcile, json_has_the_shape_of_the_specification)
{
	struct cgfence_cgroup *member = harness_child_cgroup(sockets_fence(), "member");
	const struct holder_options options = {
		.cgroup = member,
		.endpoint = "tcp 127.0.0.1 0",
		.moved_in = true,
		.comm = "misbehaves",
		.argument = "an argument",
	};
	struct program_result result;
	struct holder holder;
	char excess[16];
	json_t *line;

	harness_attach(sockets_fence(), LOG);
	holder_start(&holder, &options);
	result = reconcile_json();
	assert_status(result, 3);
	cr_expect_str_eq(result.errors, "");
	line = only_line(&result);
	expect_keys(line, "event time cgroup member pid comm cmdline protocol family address port "
			  "inode excess reason action");
	cr_expect_str_eq(text_of(line, "event"), "violation");
	cr_expect_leq(labs(parse_time(text_of(line, "time")) - time(NULL)), 60);
	cr_expect_str_eq(text_of(line, "cgroup"), cgfence_cgroup_path(sockets_fence()));
	cr_expect_str_eq(text_of(line, "member"), cgfence_cgroup_path(member));
	cr_expect_eq(number_of(line, "pid"), holder.pid);
	cr_expect_str_eq(text_of(line, "comm"), "sh");
	cr_expect_str_eq(text_of(line, "cmdline"), "sh -c kill -STOP $$ an argument");
	cr_expect_str_eq(text_of(line, "protocol"), "tcp");
	cr_expect_str_eq(text_of(line, "family"), "ipv4");
	cr_expect_str_eq(text_of(line, "address"), "127.0.0.1");
	cr_expect_eq(number_of(line, "port"), holder.port);
	cr_expect_gt(number_of(line, "inode"), 0);
	cr_expect_str_eq(text_of(line, "action"), "logged");
	assert_has(text_of(line, "reason"), "is not assigned; the socket was made outside");
	snprintf(excess, sizeof(excess), "%u", holder.port);
	cr_expect_eq(json_array_size(json_object_get(line, "excess")), 1);
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(line, "excess"), 0)),
			 excess);
	json_decref(line);
	cr_expect(holder_is_reachable(&holder), "it was only to be reported");
	holder_stop(&holder);
}

Test(reconcile, excess_is_the_ranges_of_the_fence)
{
	static const char *const endpoints[] = { "tcp 127.0.0.1 7001", "tcp ::1 7002",
						 "tcp 127.0.0.1 7009", "udp 127.0.0.1 7004" };
	struct holder holders[4];
	struct program_result result;

	harness_attach(sockets_fence(), LOG);
	for (int i = 0; i < 4; i++) {
		const struct holder_options options = {
			.cgroup = sockets_fence(),
			.endpoint = endpoints[i],
			.moved_in = true,
		};

		holder_start(&holders[i], &options);
	}
	result = reconcile_json();
	assert_status(result, 3);
	assert_has(result.output, "\"protocol\":\"tcp\",\"family\":\"ipv6\",\"address\":\"::1\","
				  "\"port\":7002,");
	assert_has(result.output, "\"excess\":[\"7001-7002\",\"7009\"]");
	assert_has(result.output, "\"excess\":[\"7004\"]");
	for (int i = 0; i < 4; i++)
		holder_stop(&holders[i]);
}

Test(reconcile, text_in_a_pipe_has_tabs)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	struct program_result result;
	struct holder holder;
	char row[512];

	harness_attach(sockets_fence(), LOG);
	holder_start_excess(&holder, sockets_fence());
	result = reconcile(sockets_fence());
	assert_status(result, 3);
	assert_has(result.output, "CGROUP\tSOCKET\tPID\tCOMM\tACTION\tMEMBER\tREASON\tCMDLINE\n");
	snprintf(row, sizeof(row), "\n%s\ttcp 127.0.0.1:%u\t%d\t", path, holder.port, holder.pid);
	assert_has(result.output, row);
	snprintf(row, sizeof(row), "\tlogged\t%s\ttcp port %u is not assigned; ", path,
		 holder.port);
	assert_has(result.output, row);
	holder_stop(&holder);
}

Test(reconcile, text_on_a_terminal_is_aligned)
{
	const struct program_options terminal = { .terminal = true };
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp ::1 0",
		.moved_in = true,
	};
	struct program_result result;
	struct holder holder;
	const char *second_line;
	const char *column;

	harness_attach(sockets_fence(), LOG);
	holder_start(&holder, &options);
	result = program_run(&terminal, WORDS("reconcile"));
	assert_status(result, 3);
	assert_lacks(result.output, "\t");
	second_line = strchr(result.output, '\n');
	column = strstr(result.output, "SOCKET");
	cr_assert(second_line && column);
	cr_assert_eq(strncmp(second_line + 1 + (column - result.output), "tcp [::1]:", 10), 0,
		     "'%s'", result.output);
	holder_stop(&holder);
}

Test(reconcile, a_cgroup_is_the_only_fence_that_is_looked_at)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct holder in_other;
	struct holder holder;
	struct program_result result;

	harness_attach(sockets_fence(), CLOSE);
	harness_attach(other, CLOSE);
	holder_start_excess(&holder, sockets_fence());
	holder_start_excess(&in_other, other);
	result = reconcile(sockets_fence());
	assert_status(result, 3);
	assert_lacks(result.output, cgfence_cgroup_path(other));
	cr_expect(!holder_is_reachable(&holder));
	cr_expect(holder_is_reachable(&in_other));
	result = program_run(NULL, WORDS("reconcile"));
	assert_status(result, 3);
	assert_has(result.output, cgfence_cgroup_path(other));
	cr_expect(!holder_is_reachable(&in_other));
	holder_stop(&holder);
	holder_stop(&in_other);
}

Test(reconcile, a_cgroup_without_a_fence)
{
	struct cgfence_cgroup *child = harness_child_cgroup(sockets_fence(), "child");

	harness_attach(sockets_fence(), LOG);
	assert_fails(reconcile(harness_cgroup()), 1, "has no fence of its own");
	assert_fails(reconcile(child), 1, "has no fence of its own");
	assert_fails(program_run(NULL, WORDS("reconcile", "/cgfence-test-none")), 1,
		     "/cgfence-test-none");
	assert_fails(program_run(NULL, WORDS("reconcile", "pid:x")), 2, "pid:x");
}

Test(reconcile, wrong_usage)
{
	const struct program_options unprivileged = { .without_admin = true };

	assert_fails(program_run(NULL, WORDS("reconcile", "/a", "/b")), 2, "too many arguments");
	assert_fails(program_run(NULL, WORDS("reconcile", "--interval", "1s")), 2, "--interval");
	assert_fails(program_run(&unprivileged, WORDS("reconcile")), 1, "CAP_SYS_ADMIN");
}

Test(reconcile, close_takes_the_listener_and_spares_the_process)
{
	const struct holder_options good_options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 8080",
	};
	struct holder good;
	struct holder bad;
	struct program_result result;

	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'close'}");
	holder_start(&good, &good_options);
	holder_start_excess(&bad, sockets_fence());
	result = reconcile(sockets_fence());
	assert_status(result, 3);
	assert_has(result.output, "\tclosed\t");
	cr_expect(!holder_is_reachable(&bad));
	cr_expect(holder_is_reachable(&good));
	cr_expect_eq(kill(bad.pid, 0), 0);
	assert_done(reconcile(sockets_fence()));
	holder_stop(&bad);
	holder_stop(&good);
}

Test(reconcile, kill_takes_all_of_the_fence)
{
	const struct holder_options good_options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 1",
	};
	struct program_result result;
	struct holder outside;
	struct holder good;
	struct holder bad;

	harness_attach(sockets_fence(), KILL);
	holder_start(&good, &good_options);
	holder_start_excess(&bad, sockets_fence());
	holder_start_excess(&outside, harness_cgroup());
	result = reconcile(sockets_fence());
	assert_status(result, 3);
	assert_has(result.output, "\tkilled\t");
	assert_done(reconcile(sockets_fence()));
	cr_expect(holder_is_reachable(&outside));
	cr_expect(!holder_is_reachable(&good));
	cr_expect_eq(holder_stop(&bad), SIGKILL);
	holder_stop(&good);
	holder_stop(&outside);
}

Test(reconcile, an_audit_only_reports)
{
	struct holder holder;
	json_t *line;
	struct program_result result;

	harness_attach(sockets_fence(), "{'enforce': false, 'ports': [1], 'on_violation': 'kill'}");
	holder_start_excess(&holder, sockets_fence());
	result = reconcile_json();
	assert_status(result, 3);
	line = only_line(&result);
	cr_expect_str_eq(text_of(line, "action"), "logged");
	json_decref(line);
	cr_expect(holder_is_reachable(&holder));
	holder_stop(&holder);
}

Test(reconcile, what_failed_says_why)
{
	const struct program_options inside = { .cgroup = sockets_fence() };
	struct program_result result;
	struct holder holder;
	json_t *line;

	/* It would kill itself. */
	harness_attach(sockets_fence(), KILL);
	holder_start_excess(&holder, sockets_fence());
	result = program_run(&inside, WORDS("reconcile", "--json"));
	assert_status(result, 3);
	line = only_line(&result);
	expect_keys(line, "event time cgroup member pid comm cmdline protocol family address port "
			  "inode excess reason action failure");
	cr_expect_str_eq(text_of(line, "action"), "closed");
	assert_has(text_of(line, "failure"), "would kill cgfence too");
	json_decref(line);
	holder_stop(&holder);
	holder_start_excess(&holder, sockets_fence());
	result = program_run(&inside, WORDS("reconcile"));
	assert_status(result, 3);
	assert_has(result.output, "\tclosed\t");
	assert_has(result.errors, " was closed, but not killed: killing every process of ");
	holder_stop(&holder);
}

Test(reconcile, pins_that_others_can_change_are_said_to_be)
{
	struct program_result result;
	struct holder holder;
	char pins[64];

	harness_attach(sockets_fence(), CLOSE);
	holder_start_excess(&holder, sockets_fence());
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(sockets_fence()));
	cr_assert_eq(chmod(pins, 0777), 0);
	result = program_run(NULL, WORDS("reconcile"));
	chmod(pins, 0700);
	assert_status(result, 3);
	assert_has(result.errors, "is not root's alone");
	assert_lacks(result.errors, "another command");
	holder_stop(&holder);
}

Test(reconcile, udp_that_keeps_its_port_is_silenced)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "udp 127.0.0.1 7001",
		.moved_in = true,
	};
	struct program_result result;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	holder_start(&holder, &options);
	result = reconcile(sockets_fence());
	assert_status(result, 3);
	assert_has(result.output, "\tsilenced\t");
	cr_expect_str_eq(result.errors, "");
	/* Nothing new happens, and the process still holds the listener. */
	assert_status(reconcile(sockets_fence()), 3);
	holder_stop(&holder);
	assert_done(reconcile(sockets_fence()));
}

Test(reconcile, a_process_cannot_steer_the_terminal)
{
	const struct holder_options by_comm = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 0",
		.moved_in = true,
		.comm = "a\tb\033[2J",
	};
	struct holder_options by_command_line = by_comm;
	struct program_result result;
	struct holder first;
	struct holder second;

	by_command_line.argument = "odd\033]0;title\a\nline \302\2331m n\303\200he";
	harness_attach(sockets_fence(), LOG);
	holder_start(&first, &by_comm);
	holder_start(&second, &by_command_line);
	result = program_run(NULL, WORDS("reconcile"));
	assert_status(result, 3);
	assert_has(result.output, "\ta\\x09b\\x1b[2J\t");
	assert_has(result.output, "odd\\x1b]0;title\\x07\\x0aline \\xc2\\x9b1m n\303\200he\n");
	assert_lacks(result.output, "\033");
	assert_lacks(reconcile_json().output, "\033");
	holder_stop(&first);
	holder_stop(&second);
}

Test(reconcile, a_process_may_have_any_bytes)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 0",
		.moved_in = true,
		.comm = "odd",
		.argument = "\xff\xfe",
	};
	struct program_result result;
	struct holder holder;
	json_t *line;

	harness_attach(sockets_fence(), LOG);
	holder_start(&holder, &options);
	result = reconcile_json();
	line = only_line(&result);
	assert_has(text_of(line, "cmdline"), "??");
	json_decref(line);
	result = reconcile(sockets_fence());
	assert_has(result.output, " \\xff\\xfe\n");
	holder_stop(&holder);
}

/* It keeps some descriptors open for each, and the usual limit is 1024. */
Test(reconcile, more_fences_than_the_soft_limit_of_descriptors)
{
	const struct program_options by_words = { .by_words = true };
	char command[512];

	for (int i = 0; i < 24; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		harness_attach(harness_child_cgroup(harness_cgroup(), name), LOG);
	}
	snprintf(command, sizeof(command), "ulimit -Sn 24 && exec %s reconcile --json",
		 program_path());
	assert_done(program_run(&by_words, WORDS("sh", "-c", command)));
}
