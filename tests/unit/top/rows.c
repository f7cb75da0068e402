// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/rows.h"

#include <criterion/criterion.h>
#include <string.h>

#define NS_PER_S 1000000000ULL

Test(top_rows, rates_are_of_two_samples)
{
	struct cgfence_counters counters = { 0 };
	struct top_row row = { 0 };

	counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED] = 100;
	row_sample(&row, &counters, 5 * NS_PER_S);
	cr_expect_eq(row_rate(&row), 0);
	cr_expect_eq(row_total(&row), 100);
	counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED] += 10;
	counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_AUDITED] += 2;
	counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED] += 3;
	row_sample(&row, &counters, 9 * NS_PER_S);
	cr_expect_eq(row.rates[CGFENCE_HOOK_DEVICE], 3);
	cr_expect_eq(row.rates[CGFENCE_HOOK_BIND], 0.75);
	cr_expect_eq(row_rate(&row), 3.75);
	cr_expect_eq(row_total(&row), 115);
	row_sample(&row, &counters, 10 * NS_PER_S);
	cr_expect_eq(row_rate(&row), 0);
}

Test(top_rows, a_fence_that_was_made_anew_has_no_rates_yet)
{
	struct cgfence_counters counters = { 0 };
	struct top_row row = { 0 };

	counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED] = 9;
	row_sample(&row, &counters, 1 * NS_PER_S);
	counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED] = 1;
	counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED] = 8;
	row_sample(&row, &counters, 2 * NS_PER_S);
	cr_expect_eq(row_rate(&row), 0);
	counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED] = 2;
	row_sample(&row, &counters, 3 * NS_PER_S);
	cr_expect_eq(row_rate(&row), 1);
	/* A clock that stands still has no rates either. */
	counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED] = 3;
	row_sample(&row, &counters, 3 * NS_PER_S);
	cr_expect_eq(row_rate(&row), 0);
}

Test(top_rows, those_that_stay_keep_what_is_known_of_them)
{
	static const uint64_t first[] = { 2, 5, 9 };
	static const uint64_t second[] = { 1, 5, 7, 9, 12 };
	struct top_rows rows = { 0 };

	cr_assert_eq(rows_match(&rows, first, 3), 0);
	for (size_t i = 0; i < 3; i++) {
		rows.items[i].cgroup = strdup("/a");
		rows.items[i].name = strdup("web");
		rows.items[i].excess = (size_t)first[i];
	}
	cr_assert_eq(rows_match(&rows, second, 5), 0);
	cr_assert_eq(rows.count, 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(rows.items[i].id, second[i]);
	cr_expect_eq(rows_find(&rows, 5)->excess, 5);
	cr_expect_eq(rows_find(&rows, 9)->excess, 9);
	cr_expect_eq(rows_find(&rows, 7)->excess, 0);
	cr_expect_null(rows_find(&rows, 7)->cgroup);
	cr_expect_null(rows_find(&rows, 2));
	cr_assert_eq(rows_match(&rows, NULL, 0), 0);
	cr_expect_eq(rows.count, 0);
	cr_expect_null(rows_find(&rows, 5));
	rows_release(&rows);
}
