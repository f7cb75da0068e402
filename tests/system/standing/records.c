// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Refusals go by member, also after it is gone. */
#include "standing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(standing_records, .init = harness_begin, .fini = standing_end);

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"

static uint64_t refused(const struct cgfence_fence *fence, const struct cgfence_cgroup *member)
{
	struct cgfence_counters counters = { 0 };
	struct cgfence_error error = { 0 };

	if (!member)
		return cgfence_fence_counters(fence)
			->refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED];
	cr_assert_eq(cgfence_fence_read_member_counters(fence, cgfence_cgroup_id(member), &counters,
							&error),
		     0, "%s", error.text);
	return counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED];
}

Test(standing_records, each_member_has_counters_and_records_of_its_own)
{
	struct cgfence_cgroup *one = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_member_denial *denials = NULL;
	struct cgfence_cgroup *two;
	struct cgfence_fence *fence;
	size_t count = 0;

	standing_attach("job-*", NULL_ONLY);
	two = harness_child_cgroup(harness_cgroup(), "job-2");
	for (int i = 0; i < 3; i++)
		cr_expect_eq(harness_open(one, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(two, "c 1:5", O_RDONLY), EPERM);
	fence = standing_open("job-*");
	cr_expect_eq(refused(fence, NULL), 4);
	cr_expect_eq(refused(fence, one), 3);
	cr_expect_eq(refused(fence, two), 1);
	cr_assert_eq(cgfence_fence_read_member_denials(fence, &denials, &count, NULL), 0);
	cr_assert_eq(count, 2);
	cr_expect_eq(denials[0].member, cgfence_cgroup_id(one));
	cr_expect_eq(denials[0].record.count, 3);
	cr_expect_eq(denials[1].member, cgfence_cgroup_id(two));
	cr_expect_eq(denials[1].record.count, 1);
	free(denials);
	cgfence_fence_close(fence);

	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 rw', 'c 1:9 r']}}");
	standing_attach("job-*", "{'except': ['x'], 'devices': {'allow': ['c 1:3 rw']}}");
	fence = standing_open("job-*");
	cr_expect_eq(refused(fence, NULL), 4, "a new policy goes on");
	cr_expect_eq(refused(fence, one), 3, "new exceptions go on");
	cgfence_fence_close(fence);
}

static void expect_path(const struct cgfence_fence *fence, uint64_t member, const char *expected)
{
	struct cgfence_error error = { 0 };
	char *path = NULL;

	cr_assert_eq(cgfence_fence_member_path(fence, member, &path, &error), 0, "%s", error.text);
	cr_expect_str_eq(path, expected);
	free(path);
}

Test(standing_records, a_member_that_is_gone_is_known_by_its_path)
{
	struct cgfence_cgroup *user = harness_child_cgroup(harness_cgroup(), "user-\x01\xff");
	struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	struct cgfence_fence *fence;
	uint64_t id;
	char path[512];

	standing_attach("user-*/job-*", NULL_ONLY);
	cr_assert_eq(cgfence_cgroup_create(user, "job- 1", &cgroup, &error), 0, "%s", error.text);
	snprintf(path, sizeof(path), "%s", cgfence_cgroup_path(cgroup));
	id = cgfence_cgroup_id(cgroup);
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), EPERM);
	fence = standing_open("user-*/job-*");
	expect_path(fence, id, path);
	cr_assert_eq(cgfence_cgroup_remove(cgroup, &error), 0, "%s", error.text);
	cgfence_cgroup_close(cgroup);
	expect_path(fence, id, path);
	cgfence_fence_close(fence);
	/* What decides membership is made anew, and goes on. */
	standing_attach("user-*/job-*", "{'except': ['x'], 'devices': {'allow': ['c 1:3 rw']}}");
	fence = standing_open("user-*/job-*");
	expect_path(fence, id, path);
	cgfence_fence_close(fence);
}

static uint64_t come_and_be_refused(const struct cgfence_cgroup *slice, const char *name)
{
	struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	uint64_t id;

	cr_assert_eq(cgfence_cgroup_create(slice, name, &cgroup, &error), 0, "%s", error.text);
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), EPERM);
	id = cgfence_cgroup_id(cgroup);
	cr_assert_eq(cgfence_cgroup_remove(cgroup, &error), 0, "%s", error.text);
	cgfence_cgroup_close(cgroup);
	return id;
}

/* For the second part of its names there may be memory only when the next one goes. */
Test(standing_records, long_names_are_known_too)
{
	struct cgfence_fence *fence;
	struct cgfence_cgroup *slice;
	char path[1024];
	char name[251];
	uint64_t id;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	standing_attach("*/*", NULL_ONLY);
	slice = harness_child_cgroup(harness_cgroup(), name);
	id = come_and_be_refused(slice, name);
	come_and_be_refused(slice, "next");
	snprintf(path, sizeof(path), "%s/%s/%s", cgfence_cgroup_path(harness_cgroup()), name, name);
	fence = standing_open("*/*");
	expect_path(fence, id, path);
	cgfence_fence_close(fence);
}

#define GONE (CGFENCE_GONE_NAMES + 2)

/* One process goes through all of them, and is refused something in each. */
static int come_and_go(void *argument)
{
	const char *node = harness_node("c 1:5");
	uint64_t *ids = argument;

	for (int i = 0; i < GONE; i++) {
		struct cgfence_cgroup *cgroup = NULL;
		char name[16];

		snprintf(name, sizeof(name), "job-%d", i);
		if (cgfence_cgroup_create(harness_cgroup(), name, &cgroup, NULL) ||
		    harness_enter(cgroup) || access(node, R_OK) == 0 || errno != EPERM ||
		    harness_enter(harness_cgroup()))
			return 1;
		ids[i] = cgfence_cgroup_id(cgroup);
		if (cgfence_cgroup_remove(cgroup, NULL))
			return 1;
		cgfence_cgroup_close(cgroup);
	}
	return 0;
}

Test(standing_records, of_many_that_are_gone_the_last_are_known)
{
	uint64_t *ids = harness_share(GONE * sizeof(*ids));
	struct cgfence_error error = { 0 };
	struct cgfence_fence *fence;
	char *path = NULL;

	standing_attach("job-*", NULL_ONLY);
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), come_and_go, ids), 0);
	fence = standing_open("job-*");
	for (int i = 2; i < GONE; i++) {
		char name[16];

		snprintf(name, sizeof(name), "job-%d", i);
		expect_path(fence, ids[i], standing_pattern(name));
	}
	for (int i = 0; i < 2; i++)
		cr_expect_eq(cgfence_fence_member_path(fence, ids[i], &path, &error), -ENOENT);
	cgfence_fence_close(fence);
}

/* The same request of many members: none pushes out that of another before there is no room at all. */
Test(standing_records, many_members_that_are_refused_the_same_all_have_records)
{
	struct cgfence_member_denial *denials = NULL;
	struct cgfence_fence *fence;
	size_t count = 0;

	standing_attach("job-*", NULL_ONLY);
	for (int i = 0; i < 12; i++) {
		char name[16];

		snprintf(name, sizeof(name), "job-%d", i);
		harness_open(harness_child_cgroup(harness_cgroup(), name), "c 1:5", O_RDONLY);
	}
	fence = standing_open("job-*");
	cr_assert_eq(cgfence_fence_read_member_denials(fence, &denials, &count, NULL), 0);
	/* Twelve in 34 sets of four. */
	cr_expect_eq(count, 12);
	free(denials);
	cgfence_fence_close(fence);
}
