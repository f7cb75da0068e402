// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9

static void row_release(struct top_row *row)
{
	free(row->cgroup);
	free(row->name);
	cgfence_fence_close(row->fence);
}

int rows_match(struct top_rows *rows, const uint64_t *ids, size_t count)
{
	struct top_row *matched = calloc(count + 1, sizeof(*matched));
	size_t old = 0;

	if (!matched)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		while (old < rows->count && rows->items[old].id < ids[i])
			row_release(&rows->items[old++]);
		if (old < rows->count && rows->items[old].id == ids[i])
			matched[i] = rows->items[old++];
		else
			matched[i].id = ids[i];
	}
	while (old < rows->count)
		row_release(&rows->items[old++]);
	free(rows->items);
	*rows = (struct top_rows){ matched, count };
	return 0;
}

static int compare_ids(const void *key, const void *item)
{
	uint64_t id = *(const uint64_t *)key;
	uint64_t other = ((const struct top_row *)item)->id;

	return (id > other) - (id < other);
}

struct top_row *rows_find(const struct top_rows *rows, uint64_t id)
{
	return rows->count
		       ? bsearch(&id, rows->items, rows->count, sizeof(*rows->items), compare_ids)
		       : NULL;
}

void rows_release(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		row_release(&rows->items[i]);
	free(rows->items);
	*rows = (struct top_rows){ 0 };
}

void row_sample(struct top_row *row, const struct cgfence_counters *counters, uint64_t now_ns)
{
	double seconds = (double)(now_ns - row->sampled_ns) / NS_PER_S;
	bool continues = row->sampled_ns && now_ns > row->sampled_ns;
	uint64_t refusals[CGFENCE_HOOK_COUNT] = { 0 };

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++) {
		for (int verdict = 0; verdict < CGFENCE_VERDICT_COUNT; verdict++)
			refusals[hook] += counters->refusals[hook][verdict];
		if (refusals[hook] < row->refusals[hook])
			continues = false;
	}
	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		row->rates[hook] =
			continues ? (double)(refusals[hook] - row->refusals[hook]) / seconds : 0;
	memcpy(row->refusals, refusals, sizeof(refusals));
	row->sampled_ns = now_ns;
}

double row_rate(const struct top_row *row)
{
	double sum = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		sum += row->rates[hook];
	return sum;
}

uint64_t row_total(const struct top_row *row)
{
	uint64_t sum = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		sum += row->refusals[hook];
	return sum;
}
