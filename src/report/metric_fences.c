// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/metric_fences.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "report/printable.h"

#include <cgfence/standing.h>
#include <stdio.h>
#include <string.h>

void metric_fences_release(struct metric_fences *fences)
{
	for (size_t i = 0; i < fences->count; i++) {
		free(fences->items[i].cgroup);
		free(fences->items[i].name);
	}
	free(fences->items);
	*fences = (struct metric_fences){ 0 };
}

struct collection {
	struct metric_fences *fences;
	bool out_of_memory;
};

static char *name_by_id(uint64_t id)
{
	char *name;

	return asprintf(&name, "id:%llu", (unsigned long long)id) < 0 ? NULL : name;
}

static char *name_fence(const struct cgfence_fence_visit *visit)
{
	const char *pattern = cgfence_fence_pattern(visit->fence);

	if (pattern)
		return printable_copy(pattern);
	return visit->cgroup ? printable_copy(cgfence_cgroup_path(visit->cgroup))
			     : name_by_id(visit->id);
}

static size_t count_members(const struct cgfence_fence *fence)
{
	size_t count = 0;

	cgfence_fence_count_members(fence, &count, NULL);
	return count;
}

static void collect(const struct cgfence_fence_visit *visit, void *context)
{
	const struct cgfence_fence *fence = visit->fence;
	struct collection *collection = context;
	struct metric_fences *fences = collection->fences;
	const struct cgfence_policy *policy;
	struct metric_fence *larger;
	const char *name;

	yield_now();
	if (visit->error) {
		fences->unreadable++;
		return;
	}
	larger = reallocarray(fences->items, fences->count + 1, sizeof(*larger));
	if (!larger) {
		collection->out_of_memory = true;
		return;
	}
	fences->items = larger;
	policy = cgfence_fence_policy(fence);
	name = cgfence_policy_name(policy);
	larger[fences->count] = (struct metric_fence){
		.id = visit->id,
		.cgroup = name_fence(visit),
		.name = printable_copy(name ? name : ""),
		.enforces = cgfence_policy_enforces(policy),
		.has_ports = cgfence_policy_fences(policy, CGFENCE_TOPIC_PORTS),
		.is_standing = cgfence_fence_pattern(fence),
		.guard = cgfence_fence_listen_guard(fence),
		.generation = cgfence_fence_generation(fence),
		.counters = *cgfence_fence_counters(fence),
		.members = count_members(fence),
	};
	if (!larger[fences->count].cgroup || !larger[fences->count].name)
		collection->out_of_memory = true;
	fences->count++;
}

struct place {
	struct metric_fence *fence;
};

static int compare_names(const void *left, const void *right)
{
	const struct metric_fence *a = ((const struct place *)left)->fence;
	const struct metric_fence *b = ((const struct place *)right)->fence;
	int order = strcmp(a->cgroup, b->cgroup);

	return order ? order : (a->id > b->id) - (a->id < b->id);
}

/*
 * A name twice would have the whole text refused. A standing fence may have the name of a cgroup with a fence of its
 * own, and unprintable names may become equal. No path begins as an id does.
 */
static int tell_apart(struct metric_fences *fences)
{
	cleanup_free struct place *order = calloc(fences->count + 1, sizeof(*order));
	const char *last = "";

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < fences->count; i++)
		order[i].fence = &fences->items[i];
	qsort(order, fences->count, sizeof(*order), compare_names);
	for (size_t i = 0; i < fences->count; i++) {
		struct metric_fence *fence = order[i].fence;
		char *other;

		if (strcmp(fence->cgroup, last) != 0) {
			last = fence->cgroup;
			continue;
		}
		other = name_by_id(fence->id);
		if (!other)
			return -ENOMEM;
		free(fence->cgroup);
		fence->cgroup = other;
	}
	return 0;
}

static int count_excess(const struct cgfence_reconciler *reconciler, struct metric_fences *fences)
{
	cleanup_free uint64_t *ids = calloc(fences->count + 1, sizeof(*ids));
	cleanup_free size_t *counts = calloc(fences->count + 1, sizeof(*counts));

	if (!ids || !counts)
		return -ENOMEM;
	for (size_t i = 0; i < fences->count; i++)
		ids[i] = fences->items[i].id;
	cgfence_reconciler_count_excess(reconciler, ids, fences->count, counts);
	for (size_t i = 0; i < fences->count; i++)
		fences->items[i].in_excess = counts[i];
	return 0;
}

int metric_fences_read(const struct cgfence_reconciler *reconciler, struct metric_fences *fences,
		       struct cgfence_error *error)
{
	cleanup_metric_fences struct metric_fences found = { 0 };
	struct collection collection = { .fences = &found };
	int result = cgfence_fence_visit_all(collect, &collection, error);

	if (result)
		return result;
	if (collection.out_of_memory || tell_apart(&found) ||
	    (reconciler && count_excess(reconciler, &found)))
		return error_out_of_memory(error);
	*fences = found;
	found = (struct metric_fences){ 0 };
	return 0;
}
