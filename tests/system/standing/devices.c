// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which cgroups a standing fence judges, by their names. */
#include "standing.h"

#include <errno.h>
#include <fcntl.h>

TestSuite(standing_devices, .init = harness_begin, .fini = standing_end);

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"

/* /dev/zero, which NULL_ONLY does not allow. */
static int open_zero(const struct cgfence_cgroup *cgroup)
{
	return harness_open(cgroup, "c 1:5", O_RDONLY);
}

Test(standing_devices, members_made_before_and_after_are_judged_and_nobody_else)
{
	struct cgfence_cgroup *before = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct cgfence_cgroup *after;
	struct cgfence_cgroup *later;

	cr_assert_eq(standing_attach("job-*", NULL_ONLY), CGFENCE_ATTACHED);
	after = harness_child_cgroup(harness_cgroup(), "job-2");
	later = harness_child_cgroup(harness_cgroup(), "xjob-2");
	cr_expect_eq(open_zero(before), EPERM);
	cr_expect_eq(open_zero(after), EPERM);
	cr_expect_eq(open_zero(harness_child_cgroup(after, "below")), EPERM);
	cr_expect_eq(harness_open(after, "c 1:3", O_RDWR), 0);
	cr_expect_eq(open_zero(other), 0);
	cr_expect_eq(open_zero(later), 0);
	cr_expect_eq(open_zero(harness_child_cgroup(later, "job-3")), 0, "it is one level down");
	cr_expect_eq(open_zero(harness_cgroup()), 0);
	cr_expect_eq(standing_member_count("job-*"), 2);

	standing_detach("job-*");
	cr_expect_eq(open_zero(before), 0);
	cr_expect_eq(open_zero(after), 0);
}
