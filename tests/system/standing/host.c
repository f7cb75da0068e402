// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One pair of programs sees the cgroups made for all standing fences of the host. */
#include "standing.h"
#include "fence/fence.h"
#include "kernel/member_host.h"
#include "system/fence/foreign.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(standing_host, .init = harness_begin, .fini = standing_end);

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"

static int open_zero(const char *name)
{
	return harness_open(harness_child_cgroup(harness_cgroup(), name), "c 1:5", O_RDONLY);
}

static size_t tracing_links;

static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	char target[64] = "";
	char fd_path[64];
	int fd;

	(void)status;
	(void)where;
	fd = type == FTW_F ? bpf_obj_get(path) : -1;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && readlink(fd_path, target, sizeof(target) - 1) > 0 &&
	    strstr(target, "link") && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		tracing_links += info.type == BPF_LINK_TYPE_RAW_TRACEPOINT;
	close(fd);
	return 0;
}

static size_t count_tracing_links(void)
{
	tracing_links = 0;
	cr_assert_eq(nftw(PINS_ROOT, visit, 8, FTW_PHYS), 0);
	return tracing_links;
}

#define FENCES 24

Test(standing_host, what_a_cgroup_elsewhere_costs_does_not_grow_with_the_fences)
{
	for (int i = 0; i < FENCES; i++) {
		char slice[32];
		char below[48];

		snprintf(slice, sizeof(slice), "slice%d", i);
		snprintf(below, sizeof(below), "%s/job-*", slice);
		harness_child_cgroup(harness_cgroup(), slice);
		standing_attach(below, NULL_ONLY);
		if (i == 0)
			cr_expect_eq(count_tracing_links(), 2);
	}
	cr_expect_eq(count_tracing_links(), 2, "%zu", count_tracing_links());
}

/* The first, the last and one between leave the chain of their anchor. */
Test(standing_host, fences_of_one_anchor_are_each_for_its_own)
{
	static const char *const names[] = { "a-1", "b-1", "c-1", "d-1" };
	static const char *const patterns[] = { "a-*", "b-*", "c-*", "d-*" };
	static const size_t order[] = { 1, 3, 0, 2 };
	bool attached[] = { true, true, true, true };

	for (size_t i = 0; i < 4; i++)
		standing_attach(patterns[i], NULL_ONLY);
	for (size_t gone = 0; gone <= 4; gone++) {
		for (size_t i = 0; i < 4; i++) {
			char name[32];

			snprintf(name, sizeof(name), "%s-%zu", names[i], gone);
			cr_expect_eq(open_zero(name), attached[i] ? EPERM : 0, "%s", name);
		}
		if (gone == 4)
			break;
		standing_detach(patterns[order[gone]]);
		attached[order[gone]] = false;
	}
	/* And back again. */
	standing_attach("b-*", NULL_ONLY);
	cr_expect_eq(open_zero("b-2"), EPERM);
}

Test(standing_host, patterns_of_one_anchor_may_have_the_same_members)
{
	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}}");
	standing_attach("job-?", NULL_ONLY);
	cr_expect_eq(open_zero("job-1"), EPERM);
	cr_expect_eq(open_zero("job-12"), 0);
	cr_expect_eq(standing_member_count("job-*"), 2);
	cr_expect_eq(standing_member_count("job-?"), 1);
}

Test(standing_host, nested_anchors_have_each_a_say)
{
	struct cgfence_cgroup *slice = harness_child_cgroup(harness_cgroup(), "slice");
	struct cgfence_cgroup *member;

	standing_attach("*/job-*", "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}}");
	standing_attach("slice/job-*", "{'devices': {'allow': ['c 1:3 rw', 'c 1:7 r']}}");
	member = harness_child_cgroup(slice, "job-1");
	cr_expect_eq(harness_open(member, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(member, "c 1:7", O_RDONLY), EPERM);
	cr_expect_eq(standing_member_count("*/job-*"), 1);
	cr_expect_eq(standing_member_count("slice/job-*"), 1);
	standing_detach("slice/job-*");
	cr_expect_eq(harness_open(harness_child_cgroup(slice, "job-2"), "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_child_cgroup(slice, "job-3"), "c 1:7", O_RDONLY), EPERM);
}

/* More classes of bytes than a part has. */
Test(standing_host, a_pattern_of_many_different_bytes)
{
	standing_attach("abcdefghijklmnopqrstuvwxyz0123456789-*[!AB]", NULL_ONLY);
	cr_expect_eq(open_zero("abcdefghijklmnopqrstuvwxyz0123456789-C"), EPERM);
	cr_expect_eq(open_zero("abcdefghijklmnopqrstuvwxyz0123456789-A"), 0);
	cr_expect_eq(open_zero("abcdefghijklmnopqrstuvwxyz012345678-C"), 0);
}

Test(standing_host, the_last_takes_the_programs_along)
{
	standing_attach("job-*", NULL_ONLY);
	standing_attach("task-*", NULL_ONLY);
	standing_detach("job-*");
	cr_expect_eq(access(MEMBER_PROGRAMS_DIRECTORY "/mkdir", F_OK), 0);
	cr_expect_eq(open_zero("task-1"), EPERM);
	standing_detach("task-*");
	cr_expect_neq(access(MEMBER_PROGRAMS_DIRECTORY, F_OK), 0);
}

static bool is_torn(const char *below)
{
	struct cgfence_fence *fence = NULL;
	uint64_t id = 0;
	bool torn;

	cr_assert_eq(cgfence_standing_find(standing_pattern(below), &id, NULL), 0);
	cr_assert_eq(fence_read(id, &fence, NULL), 0);
	torn = fence_is_torn(fence);
	cgfence_fence_close(fence);
	return torn;
}

/* It misses members, and is no good even when programs are there again. */
Test(standing_host, programs_that_somebody_removed_are_missed_and_made_again)
{
	static const char *const pins[] = { "mkdir", "rmdir", "state" };

	standing_attach("job-*", NULL_ONLY);
	standing_attach("task-*", NULL_ONLY);
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		char path[128];
		char name[32];

		cr_expect_not(is_torn("job-*"));
		snprintf(path, sizeof(path), MEMBER_PROGRAMS_DIRECTORY "/%s", pins[i]);
		cr_assert_eq(unlink(path), 0);
		cr_expect(is_torn("job-*"), "%s", pins[i]);
		snprintf(name, sizeof(name), "job-%zu", i);
		harness_child_cgroup(harness_cgroup(), name);
		snprintf(name, sizeof(name), "task-%zu", i);
		harness_child_cgroup(harness_cgroup(), name);
		/* Whatever opens one mends it. */
		cr_expect_eq(standing_member_count("job-*"), i + 1);
		cr_expect(is_torn("task-*"), "%s", pins[i]);
		cr_expect_eq(standing_member_count("task-*"), i + 1);
		cr_expect_not(is_torn("task-*"));
	}
}

static void remove_pins_by_hand(const char *below)
{
	char path[PINS_PATH_SIZE];
	struct dirent *entry;
	DIR *directory;
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern(below), &id, NULL), 0);
	pins_path(path, id, NULL);
	directory = opendir(path);
	while ((entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	cr_assert_eq(rmdir(path), 0);
}

Test(standing_host, a_fence_whose_pins_somebody_removed_leaves_its_place_to_others)
{
	standing_attach("job-*", NULL_ONLY);
	standing_attach("task-*", NULL_ONLY);
	for (int i = 0; i < 3; i++)
		standing_attach("job-*",
				i % 2 ? NULL_ONLY : "{'except': ['x'], 'devices': {'allow': []}}");
	cr_expect_eq(standing_count_places(), 2);
	remove_pins_by_hand("job-*");
	cr_expect_eq(open_zero("task-1"), EPERM);
	cgfence_fence_sweep();
	cr_expect_eq(standing_count_places(), 1);
	cr_expect_eq(open_zero("task-2"), EPERM);
}

static int try_to_attach(const char *below)
{
	struct cgfence_policy *policy = harness_policy(NULL_ONLY);
	enum cgfence_attach_result result;
	int code = cgfence_standing_attach(standing_pattern(below), policy, 0, &result, NULL);

	cgfence_policy_free(policy);
	return code;
}

/* By then it has a place. Its program is refused because of one that somebody else attached alone. */
Test(standing_host, an_attach_that_fails_leaves_nothing)
{
	struct cgfence_cgroup *slice = harness_child_cgroup(harness_cgroup(), "slice");
	struct foreign foreign =
		foreign_attach(&foreign_hooks[FOREIGN_DEVICE], slice, FOREIGN_NONE);

	cr_expect_neq(try_to_attach("slice/job-*"), 0);
	cr_expect_neq(access(MEMBER_PROGRAMS_DIRECTORY, F_OK), 0);
	standing_attach("job-*", NULL_ONLY);
	cr_expect_neq(try_to_attach("slice/job-*"), 0);
	cr_expect_eq(standing_count_places(), 1);
	foreign_detach(&foreign);
	cr_expect_eq(try_to_attach("slice/job-*"), 0);
	cr_expect_eq(standing_count_places(), 2);
}
