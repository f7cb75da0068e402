// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Walks through cgroups let the daemon look at its events, however many cgroups there are and whoever is in them. */
#include "holding.h"
#include "cgroup/hierarchy.h"
#include "cgroup/kill.h"
#include "cgroup/threads.h"
#include "reconcile/nearest.h"
#include "reconcile/observe.h"

#include <cgfence/yield.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(reconcile_turns, .init = holding_begin, .fini = holding_end);

#define EMPTY 40

static void make_empty(const struct cgfence_cgroup *parent, bool threaded)
{
	for (int i = 0; i < EMPTY; i++) {
		struct cgfence_cgroup *made;
		char name[16];

		snprintf(name, sizeof(name), "empty-%d", i);
		made = harness_child_cgroup(parent, name);
		if (threaded)
			holding_make_threaded(made);
	}
}

static void count_turn(void *turns)
{
	++*(size_t *)turns;
}

static int ignore_thread(uint64_t cgroup_id, uint32_t thread, void *context)
{
	(void)cgroup_id;
	(void)thread;
	(void)context;
	return 0;
}

Test(reconcile_turns, a_walk_has_one_for_each_empty_cgroup)
{
	size_t turns = 0;
	int code;

	make_empty(sockets_fence(), false);
	cgfence_yield_set(count_turn, 0, &turns);
	code = cgroup_for_each_thread(sockets_fence(), ignore_thread, NULL);
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect_eq(code, 0);
	cr_expect_geq(turns, EMPTY, "%zu", turns);
}

Test(reconcile_turns, a_walk_that_may_not_go_on_says_so)
{
	make_empty(sockets_fence(), false);
	cr_expect_eq(cgroup_for_each_thread_until(sockets_fence(), 0, ignore_thread, NULL),
		     -ETIMEDOUT);
}

Test(reconcile_turns, an_observation_has_one_for_each_fence_that_is_walked)
{
	const struct observation_scope scope = { 0 };
	struct observation observation;
	size_t turns = 0;
	int code;

	make_empty(sockets_fence(), false);
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	cgfence_yield_set(count_turn, 0, &turns);
	code = observe(&scope, &observation, NULL);
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect_eq(code, 0);
	cr_expect_geq(turns, EMPTY, "%zu", turns);
	observation_free(&observation);
}

#define DEPTH 20

/* Each turn is a cgroup that is opened. Sockets whose holders are in deep cgroups would cost so many each. */
Test(reconcile_turns, each_cgroup_on_the_way_up_has_one)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	struct port_fence fence = { .id = cgfence_cgroup_id(sockets_fence()) };
	const struct port_fences fences = { .items = &fence, .count = 1 };
	const struct cgfence_cgroup *deepest = sockets_fence();
	const struct cgfence_cgroup *twins[2];
	struct nearest nearest = { 0 };
	size_t turns = 0;
	size_t found;

	for (int i = 0; i < DEPTH; i++)
		deepest = harness_child_cgroup(deepest, "deeper");
	twins[0] = harness_child_cgroup(deepest, "a");
	twins[1] = harness_child_cgroup(deepest, "b");
	cr_assert_eq(hierarchy_open(&hierarchy, NULL), 0);
	cgfence_yield_set(count_turn, 0, &turns);
	for (int i = 0; i < 100; i++) {
		found = PORT_FENCE_NONE;
		cr_expect_eq(nearest_find(&nearest, &fences, &hierarchy,
					  cgfence_cgroup_id(twins[i % 2]), &found),
			     0);
		cr_expect_eq(found, 0);
		/* Those that are outside too. */
		cr_expect_eq(nearest_find(&nearest, &fences, &hierarchy,
					  cgfence_cgroup_id(harness_cgroup()), &found),
			     0);
		cr_expect_eq(found, PORT_FENCE_NONE);
	}
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect_geq(turns, DEPTH, "%zu", turns);
	cr_expect_lt(turns, 4 * DEPTH, "%zu", turns);
	nearest_free(&nearest);
}

static int enter_with_thread(void *cgroup)
{
	return holding_enter_with_thread(cgroup);
}

/* A threaded cgroup has no cgroup.kill, so its threads are looked for. */
Test(reconcile_turns, a_kill_by_signals_has_one_for_each_empty_cgroup)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(sockets_fence(), "threaded");
	size_t turns = 0;
	pid_t pid;
	int code;

	holding_make_threaded(threaded);
	make_empty(threaded, true);
	pid = holding_start(sockets_fence(), enter_with_thread, threaded);
	cgfence_yield_set(count_turn, 0, &turns);
	code = cgroup_kill(threaded, CGROUP_KILL_MS, NULL);
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect_eq(code, 0);
	cr_expect_geq(turns, EMPTY, "%zu", turns);
	cr_expect(holding_dies(pid));
}

#define TURN_MS 60
#define WAIT_MS 100

/* Somebody comes in again and again, and other fences have events meanwhile. */
static void enter_and_take_long(void *turns)
{
	++*(size_t *)turns;
	holding_start(sockets_fence(), holding_nothing, NULL);
	usleep(TURN_MS * 1000);
}

Test(reconcile_turns, a_kill_waits_by_the_clock)
{
	size_t turns = 0;
	int code;

	/* A kill by signals freezes the cgroup, and who enters it then does not get to say so. */
	if (faccessat(cgfence_cgroup_fd(sockets_fence()), "cgroup.kill", F_OK, 0) < 0)
		harness_skip("this kernel has no cgroup.kill");
	holding_start(sockets_fence(), holding_nothing, NULL);
	cgfence_yield_set(enter_and_take_long, 0, &turns);
	code = cgroup_kill(sockets_fence(), WAIT_MS, NULL);
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect(code == 0 || code == -EBUSY);
	cr_expect_leq(turns, 1 + WAIT_MS / TURN_MS, "%zu", turns);
}
