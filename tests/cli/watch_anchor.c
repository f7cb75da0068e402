// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The watch attaches a standing fence to another anchor when its own is removed. */
#include "support/harness.h"
#include "support/sockets.h"
#include "watching.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* With a network of its own, and so a name for notices. */
TestSuite(watch_anchor, .init = sockets_begin, .fini = harness_end, .timeout = 600);

static char pattern[256];

static void attach(const char *below)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {'allow': ['c 1:3 rw']}}");
	enum cgfence_attach_result result;
	struct cgfence_error error = { 0 };

	snprintf(pattern, sizeof(pattern), "%s/%s", cgfence_cgroup_path(harness_cgroup()), below);
	cr_assert_eq(cgfence_standing_attach(pattern, policy, 0, &result, &error), 0, "%s",
		     error.text);
	cgfence_policy_free(policy);
}

static void detach(void)
{
	bool detached = false;
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(pattern, &id, NULL), 0);
	cr_assert_eq(cgfence_fence_detach(id, &detached, NULL), 0);
	cr_expect(detached);
}

static void make_slice(void)
{
	cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), "slice", 0755), 0);
}

static void remove_slice(void)
{
	cr_assert_eq(unlinkat(cgfence_cgroup_fd(harness_cgroup()), "slice", AT_REMOVEDIR), 0);
}

static void await_programs(unsigned int count)
{
	time_t deadline = time(NULL) + 60;

	while (harness_hook_programs(harness_cgroup()) != count) {
		cr_assert_leq(time(NULL), deadline, "the fence has no anchor");
		poll(NULL, 0, 1);
	}
}

Test(watch_anchor, watch_sees_an_anchor_go_without_any_command)
{
	struct watching watching;
	struct cgfence_cgroup *slice;

	make_slice();
	attach("slice/deep/job-*");
	watching_start(&watching, LONG_INTERVAL);
	remove_slice();
	await_programs(1);
	slice = harness_child_cgroup(harness_cgroup(), "slice");
	cr_expect_eq(
		harness_open(harness_child_cgroup(harness_child_cgroup(slice, "deep"), "job-1"),
			     "c 1:5", O_RDONLY),
		EPERM);
	watching_stop(&watching);
	detach();
}

/* Of a fence that it saw come. */
Test(watch_anchor, watch_sees_the_anchor_of_a_new_fence_go)
{
	struct watching watching;

	make_slice();
	watching_start(&watching, LONG_INTERVAL);
	attach("slice/job-*");
	watching_skip(&watching, "fenced");
	watching_await_rest(&watching);
	remove_slice();
	await_programs(1);
	watching_stop(&watching);
	detach();
}
