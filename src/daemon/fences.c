// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/fences.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "report/handles.h"

#include <cgfence/standing.h>
#include <string.h>

static void release_fence(struct watch_fence *fence)
{
	free(fence->path);
	free(fence->name);
	*fence = (struct watch_fence){ 0 };
}

static void release_list(struct watch_fence *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		release_fence(&items[i]);
	free(items);
}

void watch_fences_free(struct watch_fences *fences)
{
	release_list(fences->items, fences->count);
	for (size_t i = 0; i < WATCH_FENCES_GONE; i++)
		release_fence(&fences->gone[i]);
	*fences = (struct watch_fences){ 0 };
}

static char *read_pattern(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	return cgfence_fence_open(id, &fence, NULL) ? NULL : strdup(cgfence_fence_pattern(fence));
}

char *watch_fences_member_path(uint64_t id, uint64_t member)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	char *path = NULL;

	if (member && cgfence_fence_open(id, &fence, NULL) == 0)
		cgfence_fence_member_path(fence, member, &path, NULL);
	return path;
}

static char *read_path(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (cgfence_standing_is_id(id))
		return read_pattern(id);
	return cgfence_cgroup_open_id(id, &cgroup, NULL) ? NULL
							 : strdup(cgfence_cgroup_path(cgroup));
}

static char *read_name(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	const char *name = NULL;

	if (cgfence_fence_open(id, &fence, NULL) == 0)
		name = cgfence_policy_name(cgfence_fence_policy(fence));
	return name ? strdup(name) : NULL;
}

static void remember_gone(struct watch_fences *fences, struct watch_fence *fence)
{
	struct watch_fence *place = &fences->gone[fences->next_gone];

	release_fence(place);
	*place = *fence;
	*fence = (struct watch_fence){ 0 };
	fences->next_gone = (fences->next_gone + 1) % WATCH_FENCES_GONE;
}

/* Moves what is known to @items, whose ids are set. Both lists are in ascending order. */
static void compare(struct watch_fences *fences, struct watch_fence *items, size_t count,
		    watch_fences_change *change, void *context)
{
	size_t at = 0;

	for (size_t i = 0; i <= count; i++) {
		uint64_t id = i < count ? items[i].id : UINT64_MAX;

		for (; at < fences->count && fences->items[at].id < id; at++) {
			change(fences->items[at].path, false, context);
			remember_gone(fences, &fences->items[at]);
		}
		if (i == count)
			return;
		if (at < fences->count && fences->items[at].id == id) {
			items[i] = fences->items[at];
			fences->items[at++] = (struct watch_fence){ 0 };
			continue;
		}
		yield_now();
		items[i].path = read_path(id);
		items[i].name = read_name(id);
		change(items[i].path, true, context);
	}
}

static void ignore_change(const char *path, bool fenced, void *context)
{
	(void)path;
	(void)fenced;
	(void)context;
}

int watch_fences_update(struct watch_fences *fences, const uint64_t *ids, size_t count,
			watch_fences_change *change, void *context, struct cgfence_error *error)
{
	struct watch_fence *items = calloc(count + 1, sizeof(*items));

	if (!items)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++)
		items[i].id = ids[i];
	compare(fences, items, count, change ? change : ignore_change, context);
	release_list(fences->items, fences->count);
	fences->items = items;
	fences->count = count;
	return 0;
}

struct watch_fence *watch_fences_find(struct watch_fences *fences, uint64_t id)
{
	size_t low = 0;
	size_t high = fences->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fences->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < fences->count && fences->items[low].id == id ? &fences->items[low] : NULL;
}

struct watch_fence *watch_fences_find_gone(struct watch_fences *fences, uint64_t id)
{
	for (size_t i = 0; i < WATCH_FENCES_GONE; i++) {
		if (fences->gone[i].id == id)
			return &fences->gone[i];
	}
	return NULL;
}
