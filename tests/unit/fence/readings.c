// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/readings.h"

#include <criterion/criterion.h>

static bool reduce(bool reads, uint32_t known, __u8 *by)
{
	struct cgfence_image image = { 0 };
	struct fence_programs set;

	fence_programs_init(&set);
	set.image = &image;
	set.reads = reads;
	set.knows_layout = true;
	set.layout.known = known;
	return readings_reduce_task(&set, by);
}

Test(readings, who_is_refused_is_read_if_no_helper_tells)
{
	__u8 by = CGFENCE_TASK_BY_HELPER;

	cr_expect(reduce(true, KERNEL_LAYOUT_TASK, &by));
	cr_expect_eq(by, CGFENCE_TASK_BY_OFFSET);
	cr_expect(reduce(true, KERNEL_LAYOUT_TASK, &by));
	cr_expect_eq(by, CGFENCE_TASK_UNKNOWN);
	cr_expect_not(reduce(true, KERNEL_LAYOUT_TASK, &by), "and then it is something else");
}

Test(readings, nothing_is_read_where_that_is_refused_or_nobody_knows_where_it_is)
{
	__u8 by = CGFENCE_TASK_BY_HELPER;

	cr_expect(reduce(false, KERNEL_LAYOUT_TASK, &by));
	cr_expect_eq(by, CGFENCE_TASK_UNKNOWN);
	by = CGFENCE_TASK_BY_HELPER;
	cr_expect(reduce(true, KERNEL_LAYOUT_NETNS, &by));
	cr_expect_eq(by, CGFENCE_TASK_UNKNOWN);
}
