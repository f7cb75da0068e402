// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/turn.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct counts {
	size_t opened;
	size_t counted;
	size_t skipped;
};

/* A turn in which what is opened stays open, up to @open_max. */
static struct counts take(struct turn *turn, size_t count, size_t open_max, bool *is_open,
			  size_t *opens)
{
	struct counts counts = { 0 };
	size_t open = 0;

	for (size_t i = 0; i < count; i++)
		open += is_open[i];
	turn_begin(turn, count);
	while (turn_has_more(turn)) {
		size_t row = turn_row(turn);

		switch (turn_next(turn, is_open[row])) {
		case TURN_OPEN:
			counts.opened++;
			opens[row]++;
			if (!is_open[row] && open < open_max) {
				is_open[row] = true;
				open++;
			}
			break;
		case TURN_COUNT:
			counts.counted++;
			break;
		case TURN_SKIP:
			counts.skipped++;
			break;
		}
	}
	return counts;
}

Test(top_turn, few_rows_are_all_read_in_each_turn)
{
	size_t opens[300] = { 0 };
	bool is_open[300] = { 0 };
	struct turn turn = { 0 };
	struct counts counts = take(&turn, 300, 300, is_open, opens);

	cr_expect_eq(counts.opened, 300);
	for (int i = 0; i < 3; i++) {
		counts = take(&turn, 300, 300, is_open, opens);
		cr_expect_eq(counts.opened, TURN_AGAIN);
		cr_expect_eq(counts.counted, 300 - TURN_AGAIN);
	}
	/* Each was opened anew, in one turn or another. */
	for (size_t i = 0; i < 300; i++)
		cr_expect_eq(opens[i], 2, "row %zu: %zu", i, opens[i]);
}

Test(top_turn, of_very_many_a_bounded_part_is_opened_and_none_is_forgotten)
{
	enum { MANY = 10000, ROOM = 1500 };
	size_t *opens = calloc(MANY, sizeof(*opens));
	bool *is_open = calloc(MANY, sizeof(*is_open));
	struct turn turn = { 0 };

	for (int i = 0; i < 6; i++) {
		struct counts counts = take(&turn, MANY, ROOM, is_open, opens);

		cr_expect_eq(counts.opened, TURN_OPENS_MAX);
		cr_expect_eq(counts.opened + counts.counted + counts.skipped, MANY);
	}
	for (size_t i = 0; i < MANY; i++)
		cr_expect_gt(opens[i], 0, "row %zu", i);
	free(opens);
	free(is_open);
}

Test(top_turn, rows_may_come_and_go)
{
	size_t opens[50] = { 0 };
	bool is_open[50] = { 0 };
	struct turn turn = { 0 };

	cr_expect_eq(take(&turn, 0, 50, is_open, opens).opened, 0);
	cr_expect_eq(take(&turn, 50, 50, is_open, opens).opened, 50);
	cr_expect_eq(take(&turn, 1, 50, is_open, opens).opened, 1);
	cr_expect_eq(take(&turn, 0, 50, is_open, opens).opened, 0);
	cr_expect_eq(take(&turn, 50, 50, is_open, opens).opened, 50);
}
