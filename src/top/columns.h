/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of a table that fit on a line, and their cells in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define TOP_COLUMNS_MAX 12

struct top_column {
	const char *heading;
	size_t least; /* the width; never 0 */
	size_t most;  /* it grows up to this where there is room; 0 for not at all */
	unsigned int
		rank; /* columns of a higher rank are left out first; 0, which one has, for never */
	bool is_number; /* aligned to the right */
};

/**
 * columns_fit() - which columns there is room for.
 * @columns: ended by a NULL heading
 * @available: the width of the line; not 0
 * @widths: receives the widths, 0 of those that are left out
 */
void columns_fit(const struct top_column *columns, size_t available,
		 size_t widths[TOP_COLUMNS_MAX]);

/**
 * columns_line() - the cells in a line, those that are too long shortened.
 * @cells: printable; NULL for the headings
 *
 * Return: a text to be given to free(); NULL if out of memory.
 */
char *columns_line(const struct top_column *columns, const size_t widths[TOP_COLUMNS_MAX],
		   const char *const cells[]);
