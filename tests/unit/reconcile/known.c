// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is known of violations from pass to pass. */
#include "reconcile/known.h"

#include <criterion/criterion.h>

#define MANY 20000

static struct violation_key key_of(uint64_t fence, uint64_t cookie)
{
	return (struct violation_key){ .fence_id = fence, .cookie = cookie, .port = 9 };
}

Test(known, each_is_found_again)
{
	struct known known = { 0 };
	struct violation_key key = key_of(1, 1);

	cr_expect_eq(known_find(&known, &key), KNOWN_NONE);
	for (size_t i = 0; i < MANY; i++) {
		key = key_of(i % 7, i / 7);
		cr_assert_eq(known_add(&known, &key), i);
	}
	for (size_t i = 0; i < MANY; i++) {
		key = key_of(i % 7, i / 7);
		cr_assert_eq(known_find(&known, &key), i);
	}
	key = key_of(7, 0);
	cr_expect_eq(known_find(&known, &key), KNOWN_NONE);
	known_free(&known);
}

Test(known, what_has_ended_is_found_no_more)
{
	struct known known = { 0 };
	struct violation_key keys[4];

	for (size_t i = 0; i < 4; i++) {
		keys[i] = key_of(1, i);
		known_add(&known, &keys[i]);
	}
	known.items[1].ended = true;
	cr_expect_eq(known_find(&known, &keys[1]), KNOWN_NONE);
	cr_expect_eq(known_add(&known, &keys[1]), 4, "it has recurred");
	known_forget_ended(&known);
	cr_assert_eq(known.count, 4);
	cr_expect_eq(known_find(&known, &keys[0]), 0);
	cr_expect_eq(known_find(&known, &keys[2]), 1);
	cr_expect_eq(known_find(&known, &keys[3]), 2);
	cr_expect_eq(known_find(&known, &keys[1]), 3);
	known_free(&known);
}
