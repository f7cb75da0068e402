// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/compare.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(compare, inodes_are_sorted_as_the_search_wants_them)
{
	uint32_t inodes[] = { 4294967295, 3, 1, 2147483648, 2, 3 };
	static const uint32_t sorted[] = { 1, 2, 3, 3, 2147483648, 4294967295 };

	sort_inodes(inodes, COUNT(inodes));
	cr_expect_eq(memcmp(inodes, sorted, sizeof(sorted)), 0);
	for (size_t i = 0; i < COUNT(sorted); i++)
		cr_expect_neq(bsearch(&sorted[i], inodes, COUNT(inodes), sizeof(inodes[0]),
				      compare_inodes),
			      NULL);
}

/* The difference of two of these does not fit into an int. */
Test(compare, ids_that_differ_in_their_upper_half_are_told_apart)
{
	static const uint64_t ids[] = { 0, 1, 4294967296, 9223372036854775808U,
					18446744073709551615U };

	for (size_t a = 0; a < COUNT(ids); a++) {
		for (size_t b = 0; b < COUNT(ids); b++) {
			int order = compare_ids(&ids[a], &ids[b]);

			cr_expect_eq(order < 0, a < b, "%zu %zu: %d", a, b, order);
			cr_expect_eq(order > 0, a > b, "%zu %zu: %d", a, b, order);
		}
	}
}
