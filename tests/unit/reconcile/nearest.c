// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is remembered of the fences that are nearest to cgroups. */
#include "reconcile/nearest.h"

#include <criterion/criterion.h>

#define FIRST 4294967301U
#define MANY 10000

Test(nearest, has_what_was_remembered)
{
	struct nearest nearest = { 0 };
	size_t fence = 7;

	cr_expect_not(nearest_known(&nearest, FIRST, &fence));
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(nearest_remember(&nearest, FIRST + 2 * i, i % 3 ? i : PORT_FENCE_NONE),
			     0);
	cr_expect_eq(nearest_remember(&nearest, FIRST, 7), 0);
	cr_expect_eq(nearest.count, MANY);
	for (uint64_t i = 0; i < MANY; i++) {
		cr_assert(nearest_known(&nearest, FIRST + 2 * i, &fence));
		cr_assert_eq(fence, i % 3 ? i : PORT_FENCE_NONE);
		cr_assert_not(nearest_known(&nearest, FIRST + 2 * i + 1, &fence));
	}
	nearest_free(&nearest);
	cr_expect_not(nearest_known(&nearest, FIRST, &fence));
}

/* A fence needs no way up to it, and no cgroup has the id 0. */
Test(nearest, some_are_told_without_the_kernel)
{
	static const struct hierarchy closed = HIERARCHY_CLOSED;
	struct port_fence items[] = { { .id = 5 }, { .id = FIRST } };
	const struct port_fences fences = { .items = items, .count = 2 };
	struct nearest nearest = { 0 };
	size_t fence = 7;

	cr_expect_eq(nearest_find(&nearest, &fences, &closed, FIRST, &fence), 0);
	cr_expect_eq(fence, 1);
	cr_expect_eq(nearest_find(&nearest, &fences, &closed, 0, &fence), 0);
	cr_expect_eq(fence, PORT_FENCE_NONE);
	cr_expect_eq(nearest_remember(&nearest, 8, 0), 0);
	cr_expect_eq(nearest_find(&nearest, &fences, &closed, 8, &fence), 0);
	cr_expect_eq(fence, 0);
	/* What cannot be told is not remembered. */
	cr_expect_lt(nearest_find(&nearest, &fences, &closed, 9, &fence), 0);
	cr_expect_not(nearest_known(&nearest, 9, &fence));
	nearest_free(&nearest);
}
