// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/order.h"
#include "base/error.h"
#include "base/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[TOP_SORT_COUNT] = {
	[TOP_SORT_RATE] = "rate",     [TOP_SORT_DEVICE] = "device",   [TOP_SORT_BIND] = "bind",
	[TOP_SORT_LISTEN] = "listen", [TOP_SORT_CREATE] = "create",   [TOP_SORT_TOTAL] = "total",
	[TOP_SORT_EXCESS] = "excess", [TOP_SORT_MEMBERS] = "members", [TOP_SORT_MODE] = "mode",
	[TOP_SORT_NAME] = "name",     [TOP_SORT_CGROUP] = "cgroup",
};

const char *order_name(enum top_sort sort)
{
	return names[sort];
}

int order_find(const char *name, enum top_sort *sort, struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(name);
	char hint[NEAREST_HINT_SIZE];
	char known[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < TOP_SORT_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*sort = (enum top_sort)i;
			return 0;
		}
		nearest_try(&nearest, names[i]);
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 names[i]);
	}
	return error_set_invalid(error, "there is no column '%s' to sort by, but %s%s", name, known,
				 nearest_hint(&nearest, hint));
}

struct choice {
	const struct top_rows *rows;
	enum top_sort sort;
	bool reversed;
};

static int compare_numbers(double a, double b)
{
	return (a < b) - (a > b);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_rows(const struct choice *choice, const struct top_row *a,
			const struct top_row *b)
{
	switch (choice->sort) {
	case TOP_SORT_DEVICE:
	case TOP_SORT_BIND:
	case TOP_SORT_LISTEN:
	case TOP_SORT_CREATE: {
		int hook = (int)choice->sort - TOP_SORT_DEVICE + CGFENCE_HOOK_DEVICE;

		return compare_numbers(a->rates[hook], b->rates[hook]);
	}
	case TOP_SORT_TOTAL:
		return compare_numbers((double)row_total(a), (double)row_total(b));
	case TOP_SORT_EXCESS:
		return compare_numbers((double)a->excess, (double)b->excess);
	case TOP_SORT_MEMBERS:
		return compare_numbers((double)a->members, (double)b->members);
	case TOP_SORT_MODE:
		return b->enforces - a->enforces;
	case TOP_SORT_NAME:
		return compare_texts(a->name, b->name);
	case TOP_SORT_CGROUP:
		return compare_texts(a->cgroup, b->cgroup);
	case TOP_SORT_RATE:
	case TOP_SORT_COUNT:
	default:
		return compare_numbers(row_rate(a), row_rate(b));
	}
}

/* Equal ones stand by their paths, so that they stay where they are from turn to turn. */
static int compare(const void *left, const void *right, void *context)
{
	const struct choice *choice = context;
	const struct top_row *a = &choice->rows->items[*(const size_t *)left];
	const struct top_row *b = &choice->rows->items[*(const size_t *)right];
	int result = compare_rows(choice, a, b);

	if (result)
		return choice->reversed ? -result : result;
	result = compare_texts(a->cgroup, b->cgroup);
	return result ? result : (a->id > b->id) - (a->id < b->id);
}

static bool matches(const struct top_row *row, const char *filter)
{
	return !*filter || (row->cgroup && strcasestr(row->cgroup, filter)) ||
	       (row->name && strcasestr(row->name, filter));
}

int order_make(const struct top_rows *rows, enum top_sort sort, bool reversed, const char *filter,
	       size_t **order, size_t *count)
{
	struct choice choice = { rows, sort, reversed };
	size_t *chosen = calloc(rows->count + 1, sizeof(*chosen));
	size_t found = 0;

	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < rows->count; i++) {
		/* One that was never read has nothing to show. */
		if ((rows->items[i].cgroup || rows->items[i].failed) &&
		    matches(&rows->items[i], filter))
			chosen[found++] = i;
	}
	qsort_r(chosen, found, sizeof(*chosen), compare, &choice);
	*order = chosen;
	*count = found;
	return 0;
}
