// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Many members: none is lost, nothing of those that are gone stays. */
#include "standing.h"
#include "fence/fence.h"
#include "kernel/membership.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(standing_many, .init = harness_begin, .fini = standing_end);

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"
#define ALL "{'devices': {'allow': ['a *:* rwm']}}"

static void make(int number)
{
	char name[32];

	snprintf(name, sizeof(name), "job-%d", number);
	cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), name, 0755), 0, "%s: %s", name,
		     strerror(errno));
}

static void unmake(int number)
{
	char name[32];

	snprintf(name, sizeof(name), "job-%d", number);
	cr_assert_eq(unlinkat(cgfence_cgroup_fd(harness_cgroup()), name, AT_REMOVEDIR), 0, "%s: %s",
		     name, strerror(errno));
}

Test(standing_many, cgroups_that_come_and_go_leave_nothing)
{
	unsigned int rounds = harness_rounds(20000);

	standing_attach("job-*", NULL_ONLY);
	for (unsigned int i = 0; i < rounds; i++) {
		make((int)i);
		unmake((int)i);
	}
	cr_expect_eq(standing_member_count("job-*"), 0);
}

/* The first room is for fewer. */
#define MANY (MEMBERSHIP_ROOM + 100)

static void make_too_many(void)
{
	for (int i = 0; i < MANY; i++)
		make(i);
}

static void unmake_all(void)
{
	for (int i = 0; i < MANY; i++)
		unmake(i);
}

/* Without opening it by the library, which would see to more room. */
static bool overflows(const char *below)
{
	struct cgfence_fence *fence = NULL;
	uint64_t id = 0;
	bool found;

	cr_assert_eq(cgfence_standing_find(standing_pattern(below), &id, NULL), 0);
	cr_assert_eq(fence_read(id, &fence, NULL), 0);
	found = cgfence_fence_overflows(fence);
	cgfence_fence_close(fence);
	return found;
}

static int open_zero(const struct cgfence_cgroup *cgroup)
{
	return harness_open(cgroup, "c 1:5", O_RDONLY);
}

Test(standing_many, what_finds_no_room_is_judged_until_there_is_more)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct cgfence_cgroup *last = NULL;
	struct cgfence_error error = { 0 };

	standing_attach("job-*", NULL_ONLY);
	make_too_many();
	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "job-last", &last, &error), 0, "%s",
		     error.text);
	cr_expect(overflows("job-*"));
	cr_expect_eq(open_zero(last), EPERM);
	cr_expect_eq(open_zero(other), 0, "no member is judged");
	cr_expect_eq(open_zero(harness_cgroup()), 0, "not what is above that level");
	/* Whoever opens it next sees to more room. */
	cr_expect_eq(standing_member_count("job-*"), MANY + 1);
	cr_expect_not(overflows("job-*"));
	cr_expect_eq(open_zero(last), EPERM);
	cr_expect_eq(open_zero(other), 0);
	cgfence_cgroup_remove(last, NULL);
	cgfence_cgroup_close(last);
	unmake_all();
	cr_expect_eq(standing_member_count("job-*"), 0);
}

Test(standing_many, there_is_room_for_those_that_are_there)
{
	make_too_many();
	standing_attach("job-*", ALL);
	cr_expect_eq(standing_member_count("job-*"), MANY);
	cr_expect_not(overflows("job-*"));
	unmake_all();
}

/* A process makes and removes cgroups while the exceptions change, so that membership is decided anew each time. */
static int make_and_try(void *argument)
{
	const char *node = argument;
	int wrong = 0;

	for (int i = 0; i < 300; i++) {
		struct cgfence_cgroup *cgroup = NULL;
		char name[32];

		snprintf(name, sizeof(name), "job-c%d", i);
		if (cgfence_cgroup_create(harness_cgroup(), name, &cgroup, NULL))
			return 200;
		wrong += harness_open(cgroup, node, O_RDONLY) != EPERM;
		cgfence_cgroup_remove(cgroup, NULL);
		cgfence_cgroup_close(cgroup);
	}
	return wrong > 100 ? 100 : wrong;
}

Test(standing_many, a_cgroup_made_while_exceptions_change_is_no_gap)
{
	pid_t child;
	int status;

	standing_attach("job-*", NULL_ONLY);
	harness_node("c 1:5");
	child = harness_fork();
	if (child == 0)
		_exit(make_and_try((void *)"c 1:5"));
	for (int i = 0; waitpid(child, &status, WNOHANG) == 0; i++)
		standing_attach(
			"job-*",
			i % 2 ? NULL_ONLY
			      : "{'except': ['job-x*'], 'devices': {'allow': ['c 1:3 r']}}");
	cr_expect_eq(status, 0, "status %x", (unsigned int)status);
	cr_expect_eq(standing_member_count("job-*"), 0);
}
