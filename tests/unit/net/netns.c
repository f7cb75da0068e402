// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which fence judges which network namespace. */
#include "net/netns.h"

#include <criterion/criterion.h>
#include <string.h>

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

/* How many ports of a list are reserved, the first of them and the last. */
Test(netns, a_list_of_reserved_ports_is_read)
{
	static const struct {
		const char *text;
		size_t count;
		uint16_t first;
		uint16_t last;
	} cases[] = {
		{ "\n", 0, 0, 0 },
		{ "8080\n", 1, 8080, 8080 },
		{ "8080,9148-9150\n", 4, 8080, 9150 },
		{ "63-64,127-128", 4, 63, 128 },
		{ "1-65535\n", 65535, 1, 65535 },
		{ "65535\n", 1, 65535, 65535 },
		{ "65534-99999999999999999999999\n", 2, 65534, 65535 },
		{ "70000,80", 1, 80, 80 },
		{ "9-8,7", 1, 7, 7 },
		{ "", 0, 0, 0 },
		{ "x", 0, 0, 0 },
		{ "80x,81", 1, 80, 80 },
		{ "80,", 1, 80, 80 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t words[NETNS_PORT_WORDS] = { 0 };
		const struct netns_ports ports = { .reserved = words };
		size_t count = 0;
		uint16_t first = 0;
		uint16_t last = 0;

		netns_parse_reserved(cases[i].text, words);
		for (uint32_t port = 0; port <= UINT16_MAX; port++) {
			if (!netns_is_reserved(&ports, (uint16_t)port))
				continue;
			first = count++ ? first : (uint16_t)port;
			last = (uint16_t)port;
		}
		cr_expect_eq(count, cases[i].count, "%s: %zu", cases[i].text, count);
		cr_expect_eq(first, cases[i].first, "%s: %u", cases[i].text, first);
		cr_expect_eq(last, cases[i].last, "%s: %u", cases[i].text, last);
	}
}

Test(netns, without_a_list_nothing_is_reserved)
{
	const struct netns_ports ports = { 0 };

	cr_expect_not(netns_is_reserved(&ports, 40000));
}
