// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The actions of the daemon. watch_output.c tests its output. */
#include "holder.h"
#include "watching.h"
#include "support/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(watch, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define LOG "{'ports': [1]}"
#define CLOSE "{'ports': [1], 'on_violation': 'close'}"

#define PATIENCE_S 60

/* Things that are none of its business; each of them may not wake it. */
#define OTHER_THINGS 100

/* How often its work may make it wait beside that, such as for an event and for its output. */
#define WAITS_MAX 20

Test(watch, the_interval_is_that_of_mesos)
{
	struct watching watching;

	watching_start_with(&watching, NULL, WORDS("watch"));
	assert_has(program_next_line(&watching.program, "started"), "a pass every 30 s;");
	watching_stop(&watching);
}

Test(watch, intervals_that_are_none)
{
	static const char *const intervals[] = { "",	"0",	"99ms", "1d",  "25h",
						 "-1s", "1.5s", "soon", "30 s" };

	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		char message[128];

		snprintf(message, sizeof(message),
			 "'%s' is not an interval; write 100ms to 24h, such as", intervals[i]);
		assert_fails(program_run(NULL, WORDS("watch", "--interval", intervals[i])), 2,
			     message);
	}
	assert_fails(program_run(NULL, WORDS("watch", "/a")), 2, "too many arguments");
	assert_fails(program_run(NULL, WORDS("watch", "--interval")), 2, "--interval");
}

Test(watch, needs_privileges)
{
	const struct program_options unprivileged = { .without_admin = true };

	assert_fails(program_run(&unprivileged, WORDS("watch")), 1, "CAP_SYS_ADMIN");
}

Test(watch, a_second_says_who_is_first)
{
	struct watching watching;
	char message[64];

	watching_start(&watching, LONG_INTERVAL);
	snprintf(message, sizeof(message), "process %d watches this host already",
		 watching.program.pid);
	assert_fails(program_run(NULL, WORDS("watch")), 1, message);
	/* The first goes on, and after its end another can start. */
	watching_stop(&watching);
	watching_start(&watching, LONG_INTERVAL);
	watching_stop(&watching);
}

Test(watch, ends_with_an_interrupt_too)
{
	struct watching watching;

	watching_start(&watching, LONG_INTERVAL);
	kill(watching.program.pid, SIGINT);
	program_finish(&watching.program);
	assert_done(watching.program.result);
}

Test(watch, a_listener_that_is_there_before_is_found_at_once)
{
	struct watching watching;
	struct holder holder;
	json_t *event;

	harness_attach(sockets_fence(), CLOSE);
	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	cr_expect(!holder_is_reachable(&holder), "it was ready before its first pass");
	event = watching_event(&watching, "violation");
	cr_expect_str_eq(text_of(event, "action"), "closed");
	cr_expect_eq(number_of(event, "pid"), holder.pid);
	json_decref(event);
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, a_pass_is_made_every_interval)
{
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, "200ms");
	for (int i = 0; i < 3; i++) {
		/* Moved in, so that neither a hook nor an event reports it. */
		holder_start_excess(&holder, sockets_fence());
		holder_await_unreachable(&holder);
		watching_skip(&watching, "violation");
		watching_skip(&watching, "ended");
		holder_stop(&holder);
	}
	watching_stop(&watching);
}

Test(watch, a_hangup_makes_a_pass_at_once)
{
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	holder_start_excess(&holder, sockets_fence());
	/* An event that came later has been handled. */
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 7001"), EPERM);
	watching_skip(&watching, "denied");
	watching_expect_sleep(&watching);
	cr_expect(holder_is_reachable(&holder), "nothing told of it, and yet it was found");
	kill(watching.program.pid, SIGHUP);
	watching_skip(&watching, "violation");
	cr_expect(!holder_is_reachable(&holder));
	watching_stop(&watching);
	holder_stop(&holder);
}

/* The guard of the fence, if it leaves listeners to be acted on. */
static enum cgfence_listen_guard guard_that_reports(void)
{
	enum cgfence_listen_guard guard = sockets_guard(sockets_fence());

	if (guard == CGFENCE_GUARD_NONE || guard == CGFENCE_GUARD_DENY)
		sockets_skip("the listen guard of this kernel leaves nothing to report");
	return guard;
}

static void expect_closed_at_once(const struct holder_options *options)
{
	struct watching watching;
	struct holder holder;
	json_t *event;

	watching_start(&watching, LONG_INTERVAL);
	holder_start(&holder, options);
	holder_await_unreachable(&holder);
	event = watching_event(&watching, "violation");
	cr_expect_str_eq(text_of(event, "action"), "closed");
	cr_expect_eq(number_of(event, "port"), holder.port);
	cr_expect_eq(number_of(event, "pid"), holder.pid);
	json_decref(event);
	watching_skip(&watching, options->recycled || guard_that_reports() == CGFENCE_GUARD_EVENT
					 ? "seen"
					 : "muted");
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, a_listen_event_is_acted_on_at_once)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 0",
	};

	harness_attach(sockets_fence(), CLOSE);
	guard_that_reports();
	expect_closed_at_once(&options);
}

/* It takes a descriptor, which is not looked for as long as there may be many events. */
Test(watch, a_listener_of_mptcp_is_closed_soon)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "mptcp 127.0.0.1 0",
	};
	struct watching watching;
	struct holder holder;
	bool closed = false;

	sockets_skip_without("mptcp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), CLOSE);
	guard_that_reports();
	watching_start(&watching, LONG_INTERVAL);
	holder_start(&holder, &options);
	while (!closed) {
		json_t *event = watching_event(&watching, "violation");

		closed = strcmp(text_of(event, "action"), "closed") == 0;
		json_decref(event);
	}
	watching_stop(&watching);
	holder_stop(&holder);
}

/* The kernel asks no program of the fence about such a socket, so it is the caller of listen(2) that tells. */
Test(watch, an_accepted_connection_that_is_made_to_listen_is_closed_at_once)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 7009",
		.recycled = true,
	};

	harness_attach(sockets_fence(), CLOSE);
	guard_that_reports();
	expect_closed_at_once(&options);
}

Test(watch, a_policy_that_is_replaced_is_looked_at_at_once)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 8080",
	};
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'close'}");
	holder_start(&holder, &options);
	watching_start(&watching, LONG_INTERVAL);
	cr_expect(holder_is_reachable(&holder));
	harness_attach(sockets_fence(), "{'ports': [8081], 'on_violation': 'close'}");
	holder_await_unreachable(&holder);
	watching_skip(&watching, "violation");
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, an_allocation_that_grew_is_honoured_at_once)
{
	struct watching watching;
	struct holder holder;
	char policy[64];

	harness_attach(sockets_fence(), LOG);
	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	watching_skip(&watching, "violation");
	snprintf(policy, sizeof(policy), "{'ports': [%u], 'on_violation': 'kill'}", holder.port);
	harness_attach(sockets_fence(), policy);
	watching_skip(&watching, "ended");
	cr_expect(holder_is_reachable(&holder));
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, changes_without_end_do_not_put_a_pass_off)
{
	time_t deadline = time(NULL) + PATIENCE_S;
	struct watching watching;
	struct holder holder;
	char pins[64];

	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(sockets_fence()));
	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	holder_start_excess(&holder, sockets_fence());
	/* This tells the daemon that a policy was replaced. */
	while (holder_is_reachable(&holder)) {
		cr_assert_leq(time(NULL), deadline);
		for (int i = 0; i < 10; i++) {
			cr_assert_eq(utimensat(AT_FDCWD, pins, NULL, 0), 0);
			usleep(2000);
		}
	}
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, a_new_fence_is_looked_at_at_once)
{
	struct watching watching;
	struct holder holder;

	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	harness_attach(sockets_fence(), CLOSE);
	holder_await_unreachable(&holder);
	watching_stop(&watching);
	holder_stop(&holder);
}

Test(watch, restarted_it_finds_a_violator_again)
{
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), LOG);
	holder_start_excess(&holder, sockets_fence());
	for (int i = 0; i < 2; i++) {
		json_t *event;

		watching_start(&watching, LONG_INTERVAL);
		event = watching_event(&watching, "violation");
		cr_expect_eq(number_of(event, "pid"), holder.pid);
		cr_expect_str_eq(text_of(event, "action"), "logged");
		json_decref(event);
		watching_stop(&watching);
		/* Reported once, and no end either. */
		assert_lacks(watching.program.result.output + watching.program.seen, "violation");
		assert_lacks(watching.program.result.output, "ended");
	}
	holder_stop(&holder);
}

Test(watch, what_is_killed_leaves_nothing_behind)
{
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	kill(watching.program.pid, SIGKILL);
	program_finish(&watching.program);
	close(watching.notify);
	assert_status(watching.program.result, PROGRAM_SIGNALLED + SIGKILL);
	/* The fence holds, and the next one goes on. */
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 7001"), EPERM);
	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	cr_expect(!holder_is_reachable(&holder));
	watching_stop(&watching);
	holder_stop(&holder);
}

static void do_other_things(void)
{
	struct stat status;

	cr_expect_eq(stat("/sys/fs/bpf/cgfence/watch", &status), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 1"), 0);
	cr_expect_eq(sockets_listen(harness_cgroup(), "tcp 127.0.0.1 7002"), 0);
}

Test(watch, idle_it_does_not_wake)
{
	struct watching watching;
	struct holder holder;
	unsigned long before;

	harness_attach(sockets_fence(), LOG);
	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	watching_skip(&watching, "violation");
	watching_expect_sleep(&watching);
	before = children_count_waits(watching.program.pid);
	for (int i = 0; i < OTHER_THINGS; i++)
		do_other_things();
	/* By this event, whatever came before would have woken it. */
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 7001"), EPERM);
	watching_skip(&watching, "denied");
	watching_expect_sleep(&watching);
	cr_expect_lt(children_count_waits(watching.program.pid), before + WAITS_MAX);
	watching_stop(&watching);
	holder_stop(&holder);
}
