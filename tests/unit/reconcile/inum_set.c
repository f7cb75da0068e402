// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/inum_set.h"

#include <criterion/criterion.h>

/* The kernel numbers its namespaces from here on (PROC_DYNAMIC_FIRST, fs/proc/generic.c). */
#define FIRST 0xf0000000U
#define MANY 10000

Test(inum_set, has_what_was_added)
{
	struct inum_set set = { 0 };

	cr_expect_not(inum_set_has(&set, FIRST));
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_eq(inum_set_add(&set, FIRST + 2 * i), 1);
		cr_assert_eq(inum_set_add(&set, FIRST + 2 * (i / 2)), 0);
	}
	cr_expect_eq(set.count, MANY);
	for (uint32_t i = 0; i < 2 * MANY; i++)
		cr_assert_eq(inum_set_has(&set, FIRST + i), i % 2 == 0);
	inum_set_free(&set);
	cr_expect_not(inum_set_has(&set, FIRST));
}

/* Slots between a number and the next free one; a list would have thousands. */
Test(inum_set, neighbours_do_not_pile_up)
{
	struct inum_set set = { 0 };
	size_t longest = 0;
	size_t run = 0;

	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(inum_set_add(&set, FIRST + i), 1);
	cr_expect_geq(set.size, 2 * MANY);
	for (size_t i = 0; i < set.size; i++) {
		run = set.table[i] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	cr_expect_lt(longest, 200, "%zu", longest);
	inum_set_free(&set);
}
