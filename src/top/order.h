/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which rows are shown, and in which order. */
#pragma once

#include "top/rows.h"

enum top_sort {
	TOP_SORT_RATE,
	TOP_SORT_DEVICE,
	TOP_SORT_BIND,
	TOP_SORT_LISTEN,
	TOP_SORT_CREATE,
	TOP_SORT_TOTAL,
	TOP_SORT_EXCESS,
	TOP_SORT_MEMBERS,
	TOP_SORT_MODE,
	TOP_SORT_NAME,
	TOP_SORT_CGROUP,
	TOP_SORT_COUNT,
};

/** order_name() - the name of an order, such as "rate"; static. */
const char *order_name(enum top_sort sort);

/** order_find() - an order by its name. @error: names those that there are */
int order_find(const char *name, enum top_sort *sort, struct cgfence_error *error);

/**
 * order_make() - choose and sort rows: numbers from the largest on, texts from the first letter on.
 * @filter: what the path or the name contains, in upper or lower case; empty for all
 * @order: receives the places of the rows, to be given to free()
 *
 * Return: 0, or -ENOMEM.
 */
int order_make(const struct top_rows *rows, enum top_sort sort, bool reversed, const char *filter,
	       size_t **order, size_t *count);
