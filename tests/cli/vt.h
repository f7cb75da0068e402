/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a terminal of the kind of a VT100 or xterm shows after it was sent some text: as much of one as ncurses uses. The
 * test fails at a sequence that it does not know, so that nothing else can have been sent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VT_ROWS_MAX 64
#define VT_COLUMNS_MAX 256
/* Of a character in UTF-8, with what is combined with it. */
#define VT_CELL_SIZE 12

struct vt {
	size_t rows;
	size_t columns;
	char cells[VT_ROWS_MAX][VT_COLUMNS_MAX]
		  [VT_CELL_SIZE]; /* "" is the right half of a wide one */
	size_t row;
	size_t column;
	bool wraps;    /* the next character begins the next line */
	size_t top;    /* of the region that scrolls */
	size_t bottom; /* the last row of that */
	char last[VT_CELL_SIZE];
	bool is_alternate; /* the screen of full-screen programs is shown */
	bool hides_cursor;
	size_t colors; /* how often a color was chosen */
};

/** vt_show() - a terminal that was sent @text. */
void vt_show(struct vt *vt, size_t rows, size_t columns, const char *text);

/** vt_line() - a row without the blanks at its end; it lives until the next call. */
const char *vt_line(const struct vt *vt, size_t row);

/** vt_find() - the first row that has @text; the number of rows if there is none. */
size_t vt_find(const struct vt *vt, const char *text);
