// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/plan.h"
#include "apply/conflicts.h"
#include "apply/cover.h"
#include "cgroup/pattern.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/policy.h"

#include <string.h>

/* The plan so far; the array has room for all possible steps. */
struct planning {
	const struct apply_world *world;
	const struct apply_target *targets; /* sorted by id */
	unsigned int flags;		    /* enum cgfence_apply_flags */
	struct apply_step *steps;
	size_t step_count;
	struct cgfence_error *error;
};

/* How it is written; NULL if it is of numbers alone. */
static const char *source_words(const struct apply_source *source)
{
	return source->policy && source->policy->lookups.count ? source->policy->source : NULL;
}

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

static void add_step(struct planning *planning, const struct cgfence_apply_step *step,
		     const struct apply_source *source, const struct apply_fence *fence)
{
	planning->steps[planning->step_count++] =
		(struct apply_step){ .step = *step, .source = source, .fence = fence };
}

/* A fault of the policies together: it stops everything, or only this cgroup. */
static int refuse(struct planning *planning, const struct apply_target *target,
		  const struct cgfence_error *reason)
{
	const struct apply_source *source = source_of(planning->world, target);
	struct cgfence_apply_step step = {
		.action = CGFENCE_APPLY_FAIL,
		.id = target->id,
		.cgroup = target->path,
		.origin = source->origin,
		.new_text = source->text,
	};
	char *text;

	if (!(planning->flags & CGFENCE_APPLY_FAIL_ALONE)) {
		if (planning->error)
			*planning->error = *reason;
		return -EINVAL;
	}
	text = strdup(reason->text);
	if (!text)
		return error_out_of_memory(planning->error);
	step.reason = text;
	add_step(planning, &step, source, NULL);
	planning->steps[planning->step_count - 1].reason = text;
	return 0;
}

static int refuse_conflict(struct planning *planning, const struct apply_target *a,
			   const struct apply_target *b)
{
	struct cgfence_error reason = { 0 };

	conflicts_refuse(source_of(planning->world, a)->origin,
			 source_of(planning->world, b)->origin, a->path, &reason);
	return refuse(planning, a, &reason);
}

static bool is_for_all(const struct apply_target *target)
{
	return target->standing && cgroup_pattern_is_all_stars(target->path);
}

static int refuse_root(struct planning *planning, const struct apply_target *target)
{
	struct cgfence_error reason = { 0 };

	error_set_invalid(
		&reason,
		"%s: its %s, where a mistake can lock you out of the host; use 'attach --force' to fence it",
		source_of(planning->world, target)->origin,
		target->is_root ? "cgroup is the root" : "pattern is for every cgroup");
	return refuse(planning, target, &reason);
}

static bool has_text(const struct apply_fence *fence, const char *text)
{
	return fence->known ? fence->known == text || strcmp(fence->known, text) == 0
			    : fence->text && strcmp(fence->text, text) == 0;
}

/* The words of what is known are those of the source that it is known from. */
static bool has_words(const struct apply_fence *fence, const struct apply_source *source)
{
	const char *words = source_words(source);

	return fence->known ||
	       (words ? fence->words && strcmp(fence->words, words) == 0 : !fence->words);
}

bool apply_plan_is_kept(const struct apply_fence *fence, const struct apply_source *source)
{
	if (fence->torn || !source->text)
		return false;
	/* What stands in for a policy that cannot be resolved now has numbers of earlier; the fence may have newer ones. */
	return has_words(fence, source) &&
	       (has_text(fence, source->text) ||
		(source->error && fence->words && source_words(source)));
}

static const char *text_of_fence(const struct apply_fence *fence)
{
	return fence->known ? fence->known : fence->text;
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
		.old_text = fence ? text_of_fence(fence) : NULL,
		.new_text = source->text,
	};

	if (!source->text) {
		step.action = CGFENCE_APPLY_FAIL;
		step.reason = source->error->text;
	} else if (fence && apply_plan_is_kept(fence, source)) {
		step.action = CGFENCE_APPLY_KEEP;
	} else if (target->is_root || is_for_all(target)) {
		return refuse_root(planning, target);
	}
	add_step(planning, &step, source, fence);
	return 0;
}

/* The effective one is the first of the targets of a cgroup, which end before @end. */
static int plan_cgroup(struct planning *planning, const struct apply_target *target,
		       const struct apply_target *end)
{
	bool is_glob = source_of(planning->world, target)->is_glob;

	for (const struct apply_target *other = target + 1; other < end; other++) {
		if (source_of(planning->world, other)->is_glob == is_glob)
			return refuse_conflict(planning, target, other);
	}
	return plan_target(planning, target);
}

static int plan_targets(struct planning *planning)
{
	const struct apply_target *end = planning->targets + planning->world->target_count;
	const struct apply_target *next;

	for (const struct apply_target *target = planning->targets; target < end; target = next) {
		int result;

		next = target + 1;
		while (next < end && next->id == target->id)
			next++;
		result = plan_cgroup(planning, target, next);
		if (result)
			return result;
	}
	return 0;
}

static const struct apply_missing *find_missing(const struct apply_world *world, size_t source)
{
	for (size_t i = 0; i < world->missing_count; i++) {
		if (world->missing[i].source == source)
			return &world->missing[i];
	}
	return NULL;
}

static int plan_unmatched_source(struct planning *planning, size_t index)
{
	const struct apply_source *source = &planning->world->sources[index];
	const struct apply_missing *missing = find_missing(planning->world, index);
	struct cgfence_apply_step step = {
		.action = CGFENCE_APPLY_NOTHING,
		.cgroup = source->cgroup,
		.origin = source->origin,
		.new_text = source->text,
	};

	if (missing && missing->error.invalid_input &&
	    !(planning->flags & CGFENCE_APPLY_FAIL_ALONE)) {
		if (planning->error)
			*planning->error = missing->error;
		return -EINVAL;
	}
	if (missing && !(planning->flags & CGFENCE_APPLY_MISSING_OK)) {
		step.action = CGFENCE_APPLY_FAIL;
		step.reason = missing->error.text;
	}
	if (!source->text) {
		step.action = CGFENCE_APPLY_FAIL;
		step.reason = source->error->text;
	}
	add_step(planning, &step, source, NULL);
	return 0;
}

/* A glob that matches nothing today is reported, because it may be misspelt. */
static int plan_unmatched(struct planning *planning)
{
	const struct apply_world *world = planning->world;
	cleanup_free bool *matched = calloc(world->source_count + 1, sizeof(*matched));

	if (!matched)
		return error_out_of_memory(planning->error);
	for (size_t i = 0; i < world->target_count; i++)
		matched[world->targets[i].source] = true;
	for (size_t i = 0; i < world->source_count; i++) {
		int result = matched[i] ? 0 : plan_unmatched_source(planning, i);

		if (result)
			return result;
	}
	return 0;
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

/* The standing fence that a cgroup is a member of, or will be: such a cgroup had a fence of its own before. */
static const struct apply_target *find_heir(const struct planning *planning,
					    const struct apply_fence *fence)
{
	const struct apply_world *world = planning->world;

	for (size_t i = 0; i < world->target_count; i++) {
		const struct apply_target *target = &world->targets[i];
		const struct cgfence_policy *policy = source_of(world, target)->policy;

		if (target->standing && !(fence->id & CGFENCE_STANDING_ID) &&
		    cover_has(policy ? policy->except : NULL, target->path, fence->path))
			return target;
	}
	return NULL;
}

static void prune_fence(struct planning *planning, const struct apply_fence *fence)
{
	const struct apply_target *heir = find_heir(planning, fence);
	struct cgfence_apply_step step = {
		.action = CGFENCE_APPLY_DETACH,
		.id = fence->id,
		.cgroup = fence->path,
		.old_text = fence->text,
	};

	/* A policy that cannot be resolved leaves its cgroups what they have. */
	if (heir && !source_of(planning->world, heir)->text)
		return;
	add_step(planning, &step, NULL, fence);
	planning->steps[planning->step_count - 1].heir = heir ? heir->path : NULL;
}

static void plan_prune(struct planning *planning)
{
	for (size_t i = 0; i < planning->world->fence_count; i++) {
		const struct apply_fence *fence = &planning->world->fences[i];

		if (!fence->ephemeral && !is_target(planning, fence->id))
			prune_fence(planning, fence);
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

void apply_plan_free(struct apply_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(steps[i].reason);
	free(steps);
}

static int plan_all(struct planning *planning)
{
	int result = plan_targets(planning);

	if (result == 0)
		result = plan_unmatched(planning);
	if (result == 0 && planning->flags & CGFENCE_APPLY_PRUNE)
		plan_prune(planning);
	return result;
}

int apply_plan(const struct apply_world *world, unsigned int flags, struct apply_step **steps,
	       size_t *count, struct cgfence_error *error)
{
	size_t room = world->source_count + world->target_count + world->fence_count + 1;
	cleanup_free struct apply_target *targets = calloc(room, sizeof(*targets));
	struct planning planning = { world, targets, flags, NULL, 0, error };
	int result;

	planning.steps = calloc(room, sizeof(*planning.steps));
	if (!targets || !planning.steps) {
		free(planning.steps);
		return error_out_of_memory(error);
	}
	for (size_t i = 0; i < world->target_count; i++)
		targets[i] = world->targets[i];
	qsort_r(targets, world->target_count, sizeof(*targets), compare_targets, (void *)world);
	result = plan_all(&planning);
	if (result) {
		apply_plan_free(planning.steps, planning.step_count);
		return result;
	}
	qsort(planning.steps, planning.step_count, sizeof(*planning.steps), compare_steps);
	*count = planning.step_count;
	*steps = planning.steps;
	return 0;
}
