// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/adopting_fences.h"
#include "base/cleanup.h"
#include "base/yield.h"
#include "fence/census.h"
#include "fence/fence.h"
#include "policy/policy.h"

void adopting_fences_free(struct adopting_fences *fences)
{
	free(fences->items);
	*fences = (struct adopting_fences){ 0 };
}

/* One that cannot be read now is read again the next time. */
static void ask(struct adopting_fence *asked)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	if (fence_read(asked->id, &fence, NULL))
		asked->mark = 0;
	else
		asked->adopts = cgfence_fence_policy(fence)->adopt;
}

/* Both lists are in ascending order. @at: how far the known ones were passed */
static void look_at(const struct adopting_fences *known, size_t *at, struct adopting_fence *fence)
{
	while (*at < known->count && known->items[*at].id < fence->id)
		++*at;
	if (fence->mark && *at < known->count && known->items[*at].id == fence->id &&
	    known->items[*at].mark == fence->mark)
		fence->adopts = known->items[*at].adopts;
	else
		ask(fence);
}

int adopting_fences_update(struct adopting_fences *fences, const struct cgfence_census *census)
{
	cleanup_free struct fence_mark_of *marks = NULL;
	struct adopting_fence *items;
	size_t count = 0;
	size_t at = 0;
	int result = census_marks(census, &marks, &count, NULL);

	if (result)
		return result;
	items = calloc(count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		yield_now();
		items[i] = (struct adopting_fence){ .id = marks[i].id, .mark = marks[i].mark };
		look_at(fences, &at, &items[i]);
	}
	free(fences->items);
	*fences = (struct adopting_fences){ .items = items, .count = count };
	return 0;
}

bool adopting_fences_any(const struct adopting_fences *fences)
{
	for (size_t i = 0; i < fences->count; i++) {
		if (fences->items[i].adopts)
			return true;
	}
	return false;
}
