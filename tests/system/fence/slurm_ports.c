// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../../../tools/slurm/ports.h"

#include <criterion/criterion.h>
#include <stddef.h>

/* Users write what they like. */
Test(slurm_ports, are_within_what_is_permitted)
{
	static const struct {
		const char *ports;
		const char *limit;
		bool within;
	} cases[] = {
		{ "12000-12003,12010", "12000-12999", true },
		{ "12000", "12000", true },
		{ "12000", NULL, false },
		{ "12000-13000", "12000-12999", false },
		{ "11999", "12000-12999", false },
		{ "1-65535", "1-65535", true },
		{ "12000,80", "12000-12999", false },
		{ "any", "1-65535", false },
		{ "", "1-65535", false },
		{ "12000,", "1-65535", false },
		{ "0", "1-65535", false },
		{ "65536", "1-65535", false },
		{ "999999999999", "1-65535", false },
		{ "5-4", "1-65535", false },
		{ "1-2-3", "1-65535", false },
		{ "80 81", "1-65535", false },
		{ "ipv4:80", "1-65535", false },
		{ "80", "all", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(ports_are_within(cases[i].ports, cases[i].limit), cases[i].within,
			     "'%s' in '%s'", cases[i].ports, cases[i].limit);
}
