// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The anchor is removed and made again, as systemd does with slices, and the fence goes on. */
#include "standing.h"
#include "cgroup/cgroup.h"
#include "fence/root.h"
#include "kernel/pins.h"
#include "support/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"
#define BELOW "slice/job-*"

static void make_slice(void)
{
	cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), "slice", 0755), 0);
}

static void remove_slice(void)
{
	cr_assert_eq(unlinkat(cgfence_cgroup_fd(harness_cgroup()), "slice", AT_REMOVEDIR), 0, "%s",
		     strerror(errno));
}

/* Until the kernel has let go of it, the links still tell its id. */
static void await_release(void)
{
	time_t deadline = time(NULL) + 60;
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern(BELOW), &id, NULL), 0);
	while (fence_root_id(id)) {
		cr_assert_leq(time(NULL), deadline);
		poll(NULL, 0, 1);
	}
}

/* A fence whose anchor came and went. */
static void set_up(void)
{
	harness_begin();
	make_slice();
	standing_attach(BELOW, NULL_ONLY);
	remove_slice();
	await_release();
}

TestSuite(standing_anchor, .init = set_up, .fini = standing_end);

/* Begins the slice anew with a member in it. */
static int open_zero_in_new_member(void)
{
	struct cgfence_cgroup *slice = harness_child_cgroup(harness_cgroup(), "slice");

	return harness_open(harness_child_cgroup(slice, "job-1"), "c 1:5", O_RDONLY);
}

static uint64_t anchor_of(const char *below)
{
	struct cgfence_fence *fence = standing_open(below);
	uint64_t anchor = cgfence_fence_anchor(fence);

	cgfence_fence_close(fence);
	return anchor;
}

Test(standing_anchor, the_next_command_finds_another_one)
{
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
	cgfence_fence_sweep_some();
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	cr_expect_eq(open_zero_in_new_member(), EPERM);
	cr_expect_eq(anchor_of(BELOW), cgfence_cgroup_id(harness_cgroup()));
	cr_expect_eq(standing_member_count(BELOW), 1);
}

Test(standing_anchor, so_does_a_pass_over_all_fences)
{
	cgfence_fence_sweep();
	cr_expect_eq(open_zero_in_new_member(), EPERM);
}

Test(standing_anchor, and_whatever_opens_it)
{
	cr_expect_eq(standing_member_count(BELOW), 0);
	cr_expect_eq(open_zero_in_new_member(), EPERM);
}

Test(standing_anchor, a_new_policy_and_an_edit_find_another_one)
{
	struct cgfence_edit *edit = NULL;
	struct cgfence_error error = { 0 };
	bool changed = false;
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern(BELOW), &id, &error), 0, "%s",
		     error.text);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:5 r", &edit, &error), 0);
	cr_assert_eq(cgfence_standing_edit(id, edit, &changed, &error), 0, "%s", error.text);
	cgfence_edit_free(edit);
	cr_expect(changed);
	cr_expect_eq(open_zero_in_new_member(), 0);
	cr_expect_eq(standing_attach(BELOW, NULL_ONLY), CGFENCE_REPLACED);
	cr_expect_eq(standing_member_count(BELOW), 1);
}

Test(standing_anchor, a_fence_without_one_is_detached_by_its_pattern)
{
	char path[PINS_PATH_SIZE];
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern(BELOW), &id, NULL), 0);
	standing_detach(BELOW);
	pins_path(path, id, NULL);
	cr_expect_neq(access(path, F_OK), 0);
	cgfence_fence_sweep();
	cr_expect_eq(open_zero_in_new_member(), 0);
}

/* Its members that are there by then are members. */
Test(standing_anchor, one_that_was_made_again_is_the_anchor)
{
	struct cgfence_cgroup *slice = harness_child_cgroup(harness_cgroup(), "slice");
	struct cgfence_cgroup *member = harness_child_cgroup(slice, "job-1");

	cr_expect_eq(anchor_of(BELOW), cgfence_cgroup_id(slice));
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), EPERM);
}

Test(standing_anchor, counters_and_records_are_kept)
{
	struct cgfence_cgroup *slice = NULL;
	struct cgfence_cgroup *member = NULL;
	struct cgfence_member_denial *denials = NULL;
	struct cgfence_fence *fence;
	size_t count = 0;

	standing_detach(BELOW);
	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "slice", &slice, NULL), 0);
	cr_assert_eq(cgfence_cgroup_create(slice, "job-1", &member, NULL), 0);
	standing_attach(BELOW, NULL_ONLY);
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), EPERM);
	cr_assert_eq(cgfence_cgroup_remove(member, NULL), 0);
	cr_assert_eq(cgfence_cgroup_remove(slice, NULL), 0);
	cgfence_cgroup_close(member);
	cgfence_cgroup_close(slice);
	cgfence_fence_sweep();
	fence = standing_open(BELOW);
	cr_expect_eq(cgfence_counters_denied(cgfence_fence_counters(fence), CGFENCE_HOOK_DEVICE),
		     1);
	cr_expect_eq(cgfence_fence_read_member_denials(fence, &denials, &count, NULL), 0);
	cr_expect_eq(count, 1);
	free(denials);
	cgfence_fence_close(fence);
}

/* In a slice: makes a socket, and leaves the slice with it. */
static bool take_socket_along(void *unused)
{
	char path[512];
	int procs;

	(void)unused;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup_directory(harness_cgroup()));
	procs = open(path, O_WRONLY);
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 && write(procs, "0", 1) == 1;
}

/* The links show no removal as long as a socket keeps the cgroup. */
Test(standing_anchor, a_socket_that_outlives_it_is_no_hindrance)
{
	struct cgfence_cgroup *slice = NULL;
	pid_t holder;

	standing_detach(BELOW);
	make_slice();
	cr_assert_eq(cgfence_cgroup_open(standing_pattern("slice"), &slice, NULL), 0);
	holder = children_hold(slice, take_socket_along, NULL);
	cgfence_cgroup_close(slice);
	standing_attach(BELOW, NULL_ONLY);
	remove_slice();
	cgfence_fence_sweep_some();
	cr_expect_eq(open_zero_in_new_member(), EPERM);
	children_end(holder);
}

Test(standing_anchor, a_slice_with_a_dash_is_none)
{
	static const struct {
		const char *name;
		bool is_anchor;
	} cases[] = {
		{ "system-web.slice", false },
		{ "user-1000.slice", false },
		{ "a-.slice", false },
		{ "web.slice", true },
		{ "web-1", true },
		{ "web-1.scope", true },
		{ "-slice", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cgfence_cgroup *cgroup =
			harness_child_cgroup(harness_cgroup(), cases[i].name);
		char below[64];

		snprintf(below, sizeof(below), "%s/deeper/web@*.service", cases[i].name);
		harness_child_cgroup(cgroup, "deeper");
		standing_attach(below, NULL_ONLY);
		cr_expect_eq(anchor_of(below) == cgfence_cgroup_id(harness_cgroup()),
			     !cases[i].is_anchor, "%s", cases[i].name);
		cr_expect_eq(
			harness_open(harness_child_cgroup(harness_child_cgroup(cgroup, "other"),
							  "web@1.service"),
				     "c 1:5", O_RDONLY),
			0);
	}
}
