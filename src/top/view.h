/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the reader has chosen to see, and what keys do to it. */
#pragma once

#include "top/order.h"

#define TOP_FILTER_SIZE 64

/* A key that means nothing here, or the terminal has another size. */
#define TOP_NO_KEY 0

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x1000,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_BACKSPACE,
};

#define TOP_KEY_ESCAPE '\033'
#define TOP_KEY_ENTER '\n'

enum top_action {
	TOP_SHOW,   /* show it again */
	TOP_QUIT,   /* end */
	TOP_OPEN,   /* go into the selected fence, to its members */
	TOP_LEAVE,  /* go back to the fences */
	TOP_REDRAW, /* show all of it, whatever is on the screen */
};

struct top_view {
	enum top_sort sort;
	bool reversed;
	bool paused;
	bool helps; /* the keys are explained in place of all else */
	char filter[TOP_FILTER_SIZE];
	bool edits;		      /* the filter is being typed */
	char before[TOP_FILTER_SIZE]; /* the filter before that */
	size_t selected;	      /* place in the order */
	size_t first;		      /* place of the first row on the screen */
};

/**
 * view_key() - what a key does.
 * @key: a byte, or one of enum top_key
 * @page: how many rows the screen shows
 */
enum top_action view_key(struct top_view *view, int key, size_t page);

/** view_bound() - keep to the rows that there are, and the selected one on the screen. @count: of rows in the order */
void view_bound(struct top_view *view, size_t count, size_t page);
