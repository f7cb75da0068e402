// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/pattern.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(cgroup_pattern);

Test(cgroup_pattern, components_are_counted_from_the_end)
{
	cr_expect_eq(cgroup_pattern_depth("/a/b-*/c"), 3);
	cr_expect_str_eq(cgroup_pattern_tail("/a/b-*/c", 1), "c");
	cr_expect_str_eq(cgroup_pattern_tail("/a/b-*/c", 2), "b-*/c");
	cr_expect_str_eq(cgroup_pattern_tail("/a/b-*/c", 3), "a/b-*/c");
}

Test(cgroup_pattern, all_stars)
{
	cr_expect(cgroup_pattern_is_all_stars("/*"));
	cr_expect(cgroup_pattern_is_all_stars("/*/**"));
	cr_expect_not(cgroup_pattern_is_all_stars("/*/a*"));
	cr_expect_not(cgroup_pattern_is_all_stars("/?"));
}
