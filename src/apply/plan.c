// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/plan.h"
#include "apply/conflicts.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

/* The plan so far; the array has room for all possible steps. */
struct planning {
	const struct apply_world *world;
	const struct apply_target *targets; /* sorted by id */
	struct apply_step *steps;
	size_t step_count;
	struct cgfence_error *error;
};

static const struct apply_source *source_of(const struct apply_world *world,
					    const struct apply_target *target)
{
	return &world->sources[target->source];
}

/* Among the targets of a cgroup the effective one comes first: a plain name before a glob. */
static int compare_targets(const void *left, const void *right, void *context)
{
	const struct apply_target *a = left;
	const struct apply_target *b = right;
	bool a_is_glob = source_of(context, a)->is_glob;
	bool b_is_glob = source_of(context, b)->is_glob;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a_is_glob != b_is_glob)
		return a_is_glob ? 1 : -1;
	return a->source < b->source ? -1 : a->source > b->source;
}

static int compare_fences(const void *left, const void *right)
{
	const struct apply_fence *a = left;
	const struct apply_fence *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static const struct apply_fence *find_fence(const struct apply_world *world, uint64_t id)
{
	const struct apply_fence key = { .id = id };

	if (world->fence_count == 0)
		return NULL;
	return bsearch(&key, world->fences, world->fence_count, sizeof(key), compare_fences);
}

static int refuse_conflict(const struct planning *planning, const struct apply_target *a,
			   const struct apply_target *b)
{
	return conflicts_refuse(source_of(planning->world, a)->origin,
				source_of(planning->world, b)->origin, a->path, planning->error);
}

static void add_step(struct planning *planning, const struct cgfence_apply_step *step,
		     const struct apply_source *source, const struct apply_fence *fence)
{
	planning->steps[planning->step_count++] = (struct apply_step){ *step, source, fence };
}

static int plan_target(struct planning *planning, const struct apply_target *target)
{
	const struct apply_source *source = source_of(planning->world, target);
	const struct apply_fence *fence = find_fence(planning->world, target->id);
	struct cgfence_apply_step step = {
		.action = fence ? CGFENCE_APPLY_REPLACE : CGFENCE_APPLY_ATTACH,
		.id = target->id,
		.cgroup = target->path,
		.origin = source->origin,
		.old_text = fence ? fence->text : NULL,
		.new_text = source->text,
	};

	if (step.old_text && !fence->torn && strcmp(step.old_text, step.new_text) == 0)
		step.action = CGFENCE_APPLY_KEEP;
	else if (target->is_root)
		return error_set_invalid(
			planning->error,
			"%s: its cgroup is the root, where a mistake can lock you out of the host; use 'attach --force' to fence it",
			source->origin);
	add_step(planning, &step, source, fence);
	return 0;
}

static int plan_targets(struct planning *planning)
{
	size_t count = planning->world->target_count;
	size_t next;

	for (size_t i = 0; i < count; i = next) {
		const struct apply_target *target = &planning->targets[i];
		bool is_glob = source_of(planning->world, target)->is_glob;
		int result;

		for (next = i + 1; next < count && planning->targets[next].id == target->id;
		     next++) {
			if (source_of(planning->world, &planning->targets[next])->is_glob ==
			    is_glob)
				return refuse_conflict(planning, target, &planning->targets[next]);
		}
		result = plan_target(planning, target);
		if (result)
			return result;
	}
	return 0;
}

/* A glob that matches nothing today is reported, because it may be misspelt. */
static void plan_unmatched(struct planning *planning)
{
	const struct apply_world *world = planning->world;

	for (size_t i = 0; i < world->source_count; i++) {
		const struct apply_source *source = &world->sources[i];
		struct cgfence_apply_step step = {
			.action = CGFENCE_APPLY_NOTHING,
			.cgroup = source->cgroup,
			.origin = source->origin,
			.new_text = source->text,
		};
		bool matched = false;

		for (size_t j = 0; j < world->target_count && !matched; j++)
			matched = world->targets[j].source == i;
		if (!matched)
			add_step(planning, &step, source, NULL);
	}
}

static bool is_target(const struct planning *planning, uint64_t id)
{
	size_t low = 0;
	size_t high = planning->world->target_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (planning->targets[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < planning->world->target_count && planning->targets[low].id == id;
}

static void plan_prune(struct planning *planning)
{
	for (size_t i = 0; i < planning->world->fence_count; i++) {
		const struct apply_fence *fence = &planning->world->fences[i];
		struct cgfence_apply_step step = {
			.action = CGFENCE_APPLY_DETACH,
			.id = fence->id,
			.cgroup = fence->path,
			.old_text = fence->text,
		};

		if (!fence->ephemeral && !is_target(planning, fence->id))
			add_step(planning, &step, NULL, fence);
	}
}

/* Fences are detached last, so that a policy can move up or down in the hierarchy without a gap. */
static int compare_steps(const void *left, const void *right)
{
	const struct apply_step *a = left;
	const struct apply_step *b = right;
	bool a_goes = a->step.action == CGFENCE_APPLY_DETACH;
	bool b_goes = b->step.action == CGFENCE_APPLY_DETACH;

	if (a_goes != b_goes)
		return a_goes ? 1 : -1;
	return strcmp(a->step.cgroup, b->step.cgroup);
}

int apply_plan(const struct apply_world *world, bool prune, struct apply_step **steps,
	       size_t *count, struct cgfence_error *error)
{
	size_t room = world->source_count + world->target_count + world->fence_count + 1;
	cleanup_free struct apply_target *targets = calloc(room, sizeof(*targets));
	cleanup_free struct apply_step *made = calloc(room, sizeof(*made));
	struct planning planning = { world, targets, made, 0, error };
	int result;

	if (!targets || !made)
		return error_out_of_memory(error);
	for (size_t i = 0; i < world->target_count; i++)
		targets[i] = world->targets[i];
	qsort_r(targets, world->target_count, sizeof(*targets), compare_targets, (void *)world);
	result = plan_targets(&planning);
	if (result)
		return result;
	plan_unmatched(&planning);
	if (prune)
		plan_prune(&planning);
	qsort(made, planning.step_count, sizeof(*made), compare_steps);
	*count = planning.step_count;
	*steps = cleanup_steal(made);
	return 0;
}
