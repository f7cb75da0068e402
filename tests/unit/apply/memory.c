// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/memory.h"

#include <criterion/criterion.h>

Test(apply_memory, knows_what_the_last_round_added_until_the_mark_changes)
{
	static const char text[] = "P";
	struct apply_memory *memory = apply_memory_new();

	cr_assert_not_null(memory);
	apply_memory_add(memory, 7, 100, text);
	apply_memory_add(memory, 3, 200, text);
	cr_expect_null(apply_memory_find(memory, 7, 100), "the round has not ended");
	apply_memory_turn(memory);
	cr_expect_eq(apply_memory_find(memory, 7, 100), text);
	cr_expect_eq(apply_memory_find(memory, 3, 200), text);
	cr_expect_null(apply_memory_find(memory, 7, 101), "it was changed");
	cr_expect_null(apply_memory_find(memory, 5, 100));
	apply_memory_turn(memory);
	cr_expect_null(apply_memory_find(memory, 7, 100), "the round did not see it");
	apply_memory_add(memory, 7, 100, text);
	apply_memory_turn(memory);
	apply_memory_clear(memory);
	cr_expect_null(apply_memory_find(memory, 7, 100));
	apply_memory_free(memory);
	apply_memory_free(NULL);
}
