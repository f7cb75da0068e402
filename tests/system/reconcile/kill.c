// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* on_violation "kill", as seen from outside of the fence. */
#include "holding.h"
#include "cgroup/kill.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(reconcile_kill, .init = holding_begin, .fini = holding_end);

#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static const char *const excess[] = { "tcp 127.0.0.1 9", NULL };
static const char *const good[] = { "tcp 127.0.0.1 8080", NULL };

Test(reconcile_kill, every_process_of_the_fence_is_killed_and_no_other)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_cgroup *below = harness_child_cgroup(sockets_fence(), "below");
	pid_t guilty = holding_start(harness_cgroup(), holding_move_in, (void *)excess);
	pid_t innocent = holding_start(below, holding_nothing, NULL);
	pid_t outside = holding_start(harness_cgroup(), holding_nothing, NULL);
	const struct reports *reports;

	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(guilty));
	cr_expect(holding_dies(innocent));
	cr_expect(holding_lives(outside));
	cr_expect_not(cgroup_is_populated(sockets_fence()));
	cr_expect_eq(endpoint_try(excess[0]), 0);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, 0);
	cr_expect_eq(reports->count, 1);
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[0]));
}

Test(reconcile_kill, udp_is_killed_too)
{
	static const char *const udp[] = { "udp ::1 9", NULL };
	pid_t guilty = holding_start(harness_cgroup(), holding_move_in, (void *)udp);

	harness_attach(sockets_fence(), KILL);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(guilty));
	cr_expect_not(cgroup_is_populated(sockets_fence()));
}

Test(reconcile_kill, a_fence_without_excess_lives)
{
	pid_t pid = holding_start(harness_cgroup(), holding_move_in, (void *)good);

	harness_attach(sockets_fence(), KILL);
	cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
	cr_expect(holding_lives(pid));
}

/* One kill ends all of them, and each is reported. */
Test(reconcile_kill, every_excess_listener_of_the_fence_is_reported)
{
	static const char *const three[] = { "tcp 127.0.0.1 9", "udp 127.0.0.1 9", "tcp ::1 10",
					     NULL };
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;

	holding_start(harness_cgroup(), holding_move_in, (void *)three);
	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reconciler);
	for (int i = 0; i < 3; i++)
		reports_expect(reports, sockets_fence(), holding_board->inodes[i],
			       CGFENCE_ACTION_KILLED);
	cr_expect_eq(reports->count, 3);
	cr_expect_eq(reports->in_excess, 3);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 3, "each ends:%s", reports_text(reports));
}

/* Each holds the inherited socket, forks another, and exits. They end by themselves after a while. */
static int fork_in_a_loop(void *texts)
{
	struct timespec start;
	struct timespec now;
	int code = holding_move_in(texts);

	if (code)
		return code;
	clock_gettime(CLOCK_MONOTONIC, &start);
	holding_ready(0);
	for (pid_t pid = 0; pid == 0; pid = fork()) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		alarm(60);
		if (now.tv_sec > start.tv_sec + 300)
			break;
	}
	_exit(0);
}

Test(reconcile_kill, processes_that_fork_in_a_loop)
{
	unsigned int rounds = harness_rounds(10);

	harness_attach(sockets_fence(), KILL);
	for (unsigned int i = 0; i < rounds; i++) {
		const struct reports *reports;
		int passes = 0;

		holding_board->count = 0;
		holding_start(harness_cgroup(), fork_in_a_loop, (void *)excess);
		holding_start(sockets_fence(), holding_nothing, NULL);
		/* One pass may meet none of them. */
		do
			reports = reports_pass(reports_reconciler());
		while (reports->count == 0 && ++passes < 200);
		reports_expect(reports, sockets_fence(), holding_board->inodes[0],
			       CGFENCE_ACTION_KILLED);
		cr_assert_not(cgroup_is_populated(sockets_fence()));
		cr_expect_eq(endpoint_try(excess[0]), 0);
	}
}

static struct cgfence_cgroup *inner;

static int move_further_in(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(inner);
}

Test(reconcile_kill, of_nested_fences_only_the_one_that_says_so)
{
	pid_t in_outer;
	pid_t in_inner;
	const struct reports *reports;

	inner = harness_child_cgroup(sockets_fence(), "inner");
	in_outer = holding_start(sockets_fence(), holding_nothing, NULL);
	in_inner = holding_start(harness_cgroup(), move_further_in, (void *)excess);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	harness_attach(inner, KILL);
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, inner, holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_LOGGED);
	cr_expect(holding_dies(in_inner));
	cr_expect(holding_lives(in_outer));
}

Test(reconcile_kill, the_outer_of_nested_fences_takes_the_inner_with_it)
{
	pid_t in_outer;
	pid_t in_inner;
	const struct reports *reports;

	inner = harness_child_cgroup(sockets_fence(), "inner");
	in_outer = holding_start(sockets_fence(), holding_nothing, NULL);
	in_inner = holding_start(harness_cgroup(), move_further_in, (void *)excess);
	harness_attach(sockets_fence(), KILL);
	harness_attach(inner, "{'ports': [9]}");
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	cr_expect(holding_dies(in_inner));
	cr_expect(holding_dies(in_outer));
}

/* One socket violates both, and each is reported. */
Test(reconcile_kill, nested_fences_that_both_act)
{
	static const char *const actions[][2] = {
		{ KILL, KILL },
		{ "{'ports': [], 'on_violation': 'close'}", KILL },
		{ KILL, "{'ports': [], 'on_violation': 'close'}" },
		{ "{'ports': [], 'on_violation': 'close'}",
		  "{'ports': [], 'on_violation': 'close'}" },
	};

	inner = harness_child_cgroup(sockets_fence(), "inner");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const struct reports *reports;

		holding_board->count = 0;
		harness_attach(sockets_fence(), actions[i][0]);
		harness_attach(inner, actions[i][1]);
		holding_start(harness_cgroup(), move_further_in, (void *)excess);
		reports = reports_pass(reports_reconciler());
		cr_expect_neq(reports_find(reports, sockets_fence(), holding_board->inodes[0]),
			      NULL, "case %zu, outer:%s", i, reports_text(reports));
		cr_expect_neq(reports_find(reports, inner, holding_board->inodes[0]), NULL,
			      "case %zu, inner:%s", i, reports_text(reports));
		cgroup_kill(sockets_fence(), CGROUP_KILL_MS, NULL);
	}
}

static int pass_inside(void *argument)
{
	struct cgfence_reconciler *reconciler = NULL;
	struct reports reports = { 0 };

	(void)argument;
	if (holding_listen(excess[0]) < 0 || harness_enter(sockets_fence()) ||
	    cgfence_reconciler_new(&reconciler, NULL) ||
	    cgfence_reconciler_pass(reconciler, 0, reports_add, &reports, &reports.in_excess, NULL))
		return 1;
	cgfence_reconciler_free(reconciler);
	if (reports.count != 1 || reports.items[0].action != CGFENCE_ACTION_CLOSED)
		return 2;
	return strstr(reports.items[0].failure, "run it outside of the fence") ? 0 : 3;
}

Test(reconcile_kill, a_fence_that_holds_the_killer_is_left_and_its_socket_closed)
{
	harness_attach(sockets_fence(), KILL);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), pass_inside, NULL), 0);
}

static int hold_with_thread_inside(void *cgroup)
{
	int code = holding_listen_all((void *)excess);

	return code ? code : holding_enter_with_thread(cgroup);
}

/* A threaded cgroup has no cgroup.kill, for no process is in it whole. */
Test(reconcile_kill, a_threaded_fence)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(sockets_fence(), "threaded");
	pid_t pid;

	holding_make_threaded(threaded);
	harness_attach(threaded, KILL);
	pid = holding_start(sockets_fence(), hold_with_thread_inside, threaded);
	reports_expect(reports_pass(reports_reconciler()), threaded, holding_board->inodes[0],
		       CGFENCE_ACTION_KILLED);
	cr_expect_not(cgroup_is_populated(threaded));
	cr_expect(holding_dies(pid));
	cr_expect_eq(endpoint_try(excess[0]), 0);
}

/* Who may make cgroups in it may name one so that ls(1) does not show it. */
Test(reconcile_kill, a_threaded_fence_with_a_cgroup_whose_name_begins_with_a_period)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(sockets_fence(), "threaded");
	struct cgfence_cgroup *dotted = harness_child_cgroup(threaded, ".dotted");
	pid_t pid;

	holding_make_threaded(threaded);
	holding_make_threaded(dotted);
	harness_attach(threaded, KILL);
	pid = holding_start(sockets_fence(), hold_with_thread_inside, dotted);
	reports_expect(reports_pass(reports_reconciler()), threaded, holding_board->inodes[0],
		       CGFENCE_ACTION_KILLED);
	cr_expect_not(cgroup_is_populated(threaded));
	cr_expect(holding_dies(pid));
}
