// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/looks.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void add(struct top_looks *looks, uint64_t last_ns)
{
	const struct cgfence_denial_record record = { .last_ns = last_ns, .count = 1 };

	cr_assert_eq(looks_add_subject(looks, &record, "/a\n"), 0);
}

Test(top_looks, the_last_refusals_are_kept_the_newest_first)
{
	struct top_looks looks = { 0 };

	/* 1 to 100, in some order. */
	for (uint64_t i = 0; i < 100; i++)
		add(&looks, i * 37 % 100 + 1);
	cr_assert_eq(looks.subject_count, LOOKS_SUBJECTS_MAX);
	for (size_t i = 0; i < LOOKS_SUBJECTS_MAX; i++)
		cr_expect_eq(looks.subjects[i].record.last_ns, 100 - i);
	cr_expect_str_eq(looks.subjects[0].cgroup, "/a\\x0a");
	looks_forget_subjects(&looks);
	cr_expect_eq(looks.subject_count, 0);
	add(&looks, 1);
	cr_expect_eq(looks.subject_count, 1);
	looks_release(&looks);
}

Test(top_looks, listeners_are_counted_and_forgotten_by_fence)
{
	const struct cgfence_violation one = {
		.cgroup = "/a", .member = "/a/m", .address = "::", .family = CGFENCE_IPV6, .port = 1
	};
	const struct cgfence_violation gone = { .cgroup = "/a", .address = "::", .port = 1 };
	const struct cgfence_violation rest = { .cgroup = "/a", .rest = 40 };
	struct top_row row = { .id = 8 };
	const struct top_rows rows = { &row, 1 };
	struct top_looks looks = { 0 };

	cr_assert_eq(looks_add_listener(&looks, 7, &one), 0);
	cr_assert_eq(looks_add_listener(&looks, 7, &rest), 0);
	cr_assert_eq(looks_add_listener(&looks, 8, &gone), 0);
	cr_expect_eq(looks_count_excess(&looks, 7, NULL), 41);
	cr_expect_eq(looks_count_excess(&looks, 7, "/a/m"), 1);
	cr_expect_eq(looks_count_excess(&looks, 8, NULL), 1);
	cr_expect_str_eq(looks.listeners[0].socket, "tcp [::]:1");
	cr_expect_str_eq(looks.listeners[1].socket, "");
	cr_expect_str_eq(looks.listeners[2].cgroup, "/a");
	looks_keep_listeners(&looks, &rows);
	cr_expect_eq(looks_count_excess(&looks, 7, NULL), 0);
	cr_expect_eq(looks_count_excess(&looks, 8, NULL), 1);
	looks_forget_listeners(&looks, 8);
	cr_expect_eq(looks.listener_count, 0);
	looks_release(&looks);
}
