// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which fence judges which network namespace. */
#include "net/netns.h"

#include <criterion/criterion.h>

Test(netns, a_fence_judges_the_namespace_it_knows)
{
	static const struct {
		bool any;
		uint64_t fence_cookie;
		uint32_t fence_inum;
		uint64_t cookie;
		uint32_t inum;
		bool concerns;
		const char *name;
	} cases[] = {
		{ true, 7, 1, 8, 2, true, "any" },
		{ false, 7, 1, 7, 1, true, "the same" },
		{ false, 7, 1, 8, 2, false, "another" },
		/* Inode numbers are used again, cookies are not. */
		{ false, 7, 1, 8, 1, false, "another with the inode of one that is gone" },
		{ false, 7, 1, 7, 2, true, "the same cookie" },
		{ false, 0, 1, 0, 1, true, "the same, on a kernel without cookies" },
		{ false, 0, 1, 0, 2, false, "another, on a kernel without cookies" },
		{ false, 0, 1, 8, 1, true, "the same, of a fence that knows no cookie" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cgfence_image image = {
			.ports.netns_any = cases[i].any,
			.ports.netns_cookie = cases[i].fence_cookie,
			.ports.netns_inum = cases[i].fence_inum,
		};
		const struct netns_identity identity = {
			.cookie = cases[i].cookie,
			.inum = cases[i].inum,
		};

		cr_expect_eq(netns_concerns(&image, &identity), cases[i].concerns, "%s",
			     cases[i].name);
	}
}
