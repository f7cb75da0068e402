// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/due.h"

#include <errno.h>
#include <stdlib.h>

static int compare_due(const void *left, const void *right)
{
	const struct due_step *a = left;
	const struct due_step *b = right;

	if (a->fence != b->fence)
		return a->fence < b->fence ? -1 : 1;
	return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

int due_make(const struct observation *observation, const struct reconcile_plan *plan,
	     struct due *due)
{
	*due = (struct due){
		.items = calloc(plan->count + 1, sizeof(*due->items)),
		.taken = calloc(plan->count + 1, sizeof(*due->taken)),
	};
	if (!due->items || !due->taken)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		const struct reconcile_step *step = &plan->steps[i];
		const struct sighting *sighting;

		if (step->kind != RECONCILE_ACT || step->response == RECONCILE_LOG)
			continue;
		sighting = &observation->sightings[step->sighting];
		due->items[due->count++] = (struct due_step){
			.fence = sighting->fence,
			.cookie = observation->listeners.items[sighting->listener].cookie,
			.step = i,
		};
	}
	qsort(due->items, due->count, sizeof(*due->items), compare_due);
	return 0;
}

bool due_take(struct due *due, size_t step)
{
	bool taken = due->taken[step];

	due->taken[step] = true;
	return !taken;
}

size_t due_find(const struct due *due, size_t fence, uint64_t cookie)
{
	const struct due_step key = { .fence = fence, .cookie = cookie };
	const struct due_step *found =
		bsearch(&key, due->items, due->count, sizeof(key), compare_due);

	return found && !due->taken[found->step] ? found->step : DUE_NONE;
}

void due_free(struct due *due)
{
	free(due->items);
	free(due->taken);
	*due = (struct due){ 0 };
}
