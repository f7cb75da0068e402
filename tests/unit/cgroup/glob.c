// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/glob.h"

#include <criterion/criterion.h>

Test(cgroup_glob, a_pattern_has_a_special_character)
{
	static const char *const patterns[] = { "*",	  "/a/*", "a?b",
						"a[b]c",  "[",	  "system.slice/web-*.service",
						"a\\x2d*" };
	static const char *const names[] = {
		"", "/", "/a/b", "a]b", "a\\x2db", "user@1000.service"
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		cr_expect(cgroup_is_glob(patterns[i]), "%s", patterns[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_not(cgroup_is_glob(names[i]), "%s", names[i]);
}
