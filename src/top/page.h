/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All that the screen shows, as lines of text. */
#pragma once

#include "top/looks.h"
#include "top/view.h"

/* What is to be shown. */
struct top_scene {
	const struct top_view *view;
	const struct top_rows *rows;
	const size_t *order; /* the places of the rows */
	size_t count;	     /* of those */
	const char *
		pattern; /* the rows are the members of this fence, printable; NULL if they are fences */
	uint64_t fence; /* the id of that */
	const struct top_looks *looks;
	uint64_t interval_ns;
	uint64_t now_ns;     /* CLOCK_BOOTTIME */
	const char *trouble; /* why nothing new is shown, NULL if nothing is wrong */
};

enum page_style {
	PAGE_PLAIN,
	PAGE_BAR,      /* the first and the last line */
	PAGE_HEADING,  /* above a table */
	PAGE_SELECTED, /* the selected row */
	PAGE_ACTIVE,   /* a row that is refused something now */
	PAGE_ALERT,    /* what is wrong */
};

struct page {
	size_t height;
	size_t width;
	char **lines; /* printable UTF-8, none wider than the page; NULL is an empty one */
	enum page_style *styles;
};

/* How many lines each part of a page has, in this order; headings included. */
struct page_parts {
	size_t title;
	size_t totals;
	size_t heading;
	size_t rows;
	size_t subjects;
	size_t listeners;
	size_t help;
};

/** page_divide() - share the lines of a screen out. @listeners: how many are in excess */
struct page_parts page_divide(size_t height, size_t listeners);

/**
 * page_make() - write a page.
 * @height: of the screen in lines
 * @width: in columns
 * @page: receives the page, to be given to page_release()
 *
 * Return: 0, or -ENOMEM.
 */
int page_make(const struct top_scene *scene, size_t height, size_t width, struct page *page);

/** page_release() - free a page. */
void page_release(struct page *page);
