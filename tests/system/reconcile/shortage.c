// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Without descriptors the reconciler cannot look, and says so; it never takes that for "nobody holds it". */
#include "holding.h"
#include "cgroup/threads.h"
#include "reconcile/observe.h"
#include "system/standing/standing.h"
#include "wanted.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(reconcile_shortage, .init = holding_begin, .fini = holding_end);

#define DEPTH 25
#define MEMBERS 48

static const char *const excess[] = { "tcp 127.0.0.1 9", NULL };

/* Lets this process open @count descriptors more. */
static void leave_descriptors(unsigned int count)
{
	int next = dup(STDOUT_FILENO);
	struct rlimit limit = { .rlim_cur = (rlim_t)next + count, .rlim_max = RLIM_INFINITY };
	struct rlimit now;

	cr_assert_geq(next, 0);
	close(next);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	limit.rlim_max = now.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void leave_enough(void)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* With one descriptor more each time, it fails at each place where it needs one. */
Test(reconcile_shortage, the_walk_fails_or_finds_the_holder)
{
	struct wanted_socket wanted[WANTED_MAX];
	unsigned int failures = 0;
	size_t count;
	int code = -1;

	holding_start(harness_cgroup(), holding_move_in, (void *)excess);
	count = wanted_list(wanted);
	for (unsigned int left = 0; code && left < 32; left++) {
		struct holders holders = { 0 };
		struct cgfence_error error = { 0 };

		leave_descriptors(left);
		code = holders_walk(sockets_fence(), wanted, count, &holders, &error);
		leave_enough();
		failures += code != 0;
		cr_expect(code || holders.count == 1, "with %u descriptors", left);
		cr_expect_eq(!code, !*error.text, "with %u descriptors: %s", left, error.text);
		holders_free(&holders);
	}
	cr_expect_eq(code, 0);
	cr_expect_geq(failures, 4);
}

Test(reconcile_shortage, the_observation_fails_or_is_whole)
{
	const struct observation_scope scope = { 0 };
	unsigned int failures = 0;
	int code = -1;

	holding_start(harness_cgroup(), holding_move_in, (void *)excess);
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	for (unsigned int left = 0; code && left < 64; left++) {
		struct observation observation;
		struct cgfence_error error = { 0 };

		leave_descriptors(left);
		code = observe(&scope, &observation, &error);
		leave_enough();
		failures += code != 0;
		cr_expect(code || observation.sighting_count == 1, "with %u descriptors", left);
		cr_expect_eq(code == 0, observation.complete, "with %u descriptors", left);
		observation_free(&observation);
	}
	cr_expect_eq(code, 0);
	cr_expect_geq(failures, 4);
}

static int count_thread(uint64_t cgroup_id, uint32_t thread, void *count)
{
	(void)cgroup_id;
	(void)thread;
	++*(size_t *)count;
	return 0;
}

/* A fence can make cgroups to any depth. */
Test(reconcile_shortage, the_walk_needs_no_more_descriptors_for_cgroups_that_are_deep)
{
	const struct cgfence_cgroup *deepest = sockets_fence();
	size_t count = 0;
	int code;

	for (int i = 0; i < DEPTH; i++) {
		holding_start(deepest, holding_nothing, NULL);
		harness_child_cgroup(deepest, "first");
		deepest = harness_child_cgroup(deepest, "deeper");
	}
	holding_start(deepest, holding_nothing, NULL);
	leave_descriptors(3);
	code = cgroup_for_each_thread(sockets_fence(), count_thread, &count);
	leave_enough();
	cr_expect_eq(code, 0);
	cr_expect_eq(count, DEPTH + 1, "%zu", count);
}

/* Nobody blinds it by making cgroups of a name that is fenced. */
Test(reconcile_shortage, an_observation_needs_no_descriptor_for_each_member)
{
	const struct observation_scope scope = { 0 };
	struct observation observation;
	struct cgfence_error error = { 0 };
	int code;

	standing_attach("job-*", "{'ports': [8080]}");
	for (int i = 0; i < MEMBERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "job-%d", i);
		harness_child_cgroup(harness_cgroup(), name);
	}
	leave_descriptors(MEMBERS);
	code = observe(&scope, &observation, &error);
	leave_enough();
	cr_expect_eq(code, 0, "%s", error.text);
	cr_expect_eq(observation.fences.count, MEMBERS);
	observation_free(&observation);
}

/* What is kept of earlier commands counts as refused by the kernel until the next boot. */
static size_t count_refusals(void)
{
	glob_t found = { 0 };
	size_t count = 0;

	if (glob("/sys/fs/bpf/cgfence/kernel/*_refused_*", 0, NULL, &found) == 0)
		count = found.gl_pathc;
	globfree(&found);
	return count;
}

/* As the first command after a boot does. Return: how many refusals it keeps. */
static size_t begin_with(const struct cgfence_cgroup *cgroup, unsigned int left)
{
	struct cgfence_policy *policy = harness_policy("{'ports': [80], 'on_violation': 'kill'}");
	struct cgfence_reconciler *reconciler = NULL;
	enum cgfence_attach_result attached;
	size_t in_excess = 0;
	size_t count;
	bool detached;

	cr_assert_eq(system("rm -rf /sys/fs/bpf/cgfence"), 0);
	leave_descriptors(left);
	cgfence_fence_attach(cgroup, policy, 0, &attached, NULL);
	if (cgfence_reconciler_new(&reconciler, NULL) == 0)
		cgfence_reconciler_pass(reconciler, 0, NULL, NULL, &in_excess, NULL);
	cgfence_reconciler_free(reconciler);
	leave_enough();
	cgfence_policy_free(policy);
	count = count_refusals();
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, NULL), 0);
	return count;
}

Test(reconcile_shortage, it_is_not_kept_for_a_refusal_of_the_kernel)
{
	const struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	size_t refused = begin_with(cgroup, 200);

	for (unsigned int left = 1; left < 40; left++)
		cr_expect_leq(begin_with(cgroup, left), refused, "with %u descriptors", left);
}

/* Whoever reads that it is the kernel looks in the wrong place. */
Test(reconcile_shortage, an_attach_says_what_it_lacks)
{
	const struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_policy *policy = harness_policy("{'ports': [80], 'devices': {}}");
	int code = -1;

	for (unsigned int left = 1; code && left < 64; left++) {
		enum cgfence_attach_result attached;
		struct cgfence_error error = { 0 };

		leave_descriptors(left);
		code = cgfence_fence_attach(cgroup, policy, 0, &attached, &error);
		leave_enough();
		cr_expect(code == 0 || strstr(error.text, strerror(EMFILE)) ||
				  strstr(error.text, "out of file descriptors"),
			  "with %u descriptors: %s", left, error.text);
	}
	cr_expect_eq(code, 0);
	cgfence_policy_free(policy);
}
