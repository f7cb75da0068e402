// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/turn.h"

void turn_begin(struct turn *turn, size_t count)
{
	size_t begin = turn->walked && turn->left_out < turn->count ? turn->left_out
								    : turn->begin + TURN_AGAIN;

	if (!turn->walked)
		begin = 0;
	*turn = (struct turn){
		.count = count,
		.begin = count ? begin % count : 0,
		.opens = TURN_OPENS_MAX,
		.left_out = count,
	};
}

bool turn_has_more(const struct turn *turn)
{
	return turn->walked < turn->count;
}

size_t turn_row(const struct turn *turn)
{
	return (turn->begin + turn->walked) % turn->count;
}

enum turn_work turn_next(struct turn *turn, bool is_open)
{
	size_t row = turn_row(turn);

	turn->walked++;
	if (is_open && turn->walked > TURN_AGAIN)
		return TURN_COUNT;
	if (turn->opens) {
		turn->opens--;
		return TURN_OPEN;
	}
	if (turn->left_out == turn->count)
		turn->left_out = row;
	return TURN_SKIP;
}
