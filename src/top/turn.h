/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much of the rows is read in a turn. Opening a fence costs some hundred times what its counters cost, and one that is
 * kept open needs descriptors: so the counters of those that are open are read in each turn, and of the others, and of what
 * may change but its counters, a bounded part, another one each time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* So many are opened in a turn at most, and so many of those that are open already are opened anew. */
#define TURN_OPENS_MAX 2000
#define TURN_AGAIN 100

struct turn {
	size_t count;
	size_t begin; /* the row that this turn begins with */
	size_t walked;
	size_t opens;
	size_t left_out; /* the first that this turn had no opening left for; @count if there is none */
};

enum turn_work {
	TURN_OPEN,  /* open it, or open it anew */
	TURN_COUNT, /* read the counters of the open one */
	TURN_SKIP,  /* leave it for a later turn */
};

/** turn_begin() - begin the next turn, where the one before left off. @count: of rows, which may have changed */
void turn_begin(struct turn *turn, size_t count);

/** turn_has_more() - are there rows that this turn has not come to? */
bool turn_has_more(const struct turn *turn);

/** turn_row() - the row that is next. */
size_t turn_row(const struct turn *turn);

/** turn_next() - what to do with it, and go on to the one after it. @is_open: is it kept open? */
enum turn_work turn_next(struct turn *turn, bool is_open);
