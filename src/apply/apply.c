// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Makes the fences match the policies: observe, plan, act. */
#include "apply/foresee.h"
#include "apply/plan.h"
#include "apply/targets.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "fence/mark.h"
#include "fence/root.h"
#include "fence/standing_adopt.h"
#include "policy/policy.h"
#include "policy/memory.h"

#include <cgfence/adopt.h>
#include <cgfence/standing.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct cgfence_apply_plan {
	struct apply_world world;
	struct apply_step *steps;
	size_t step_count;
	bool patient;
};

/* So long a cgroup is new. */
#define NEW_NS (100 * 1000 * 1000LL)

void cgfence_apply_plan_free(struct cgfence_apply_plan *plan)
{
	if (!plan)
		return;
	apply_plan_free(plan->steps, plan->step_count);
	apply_world_release(&plan->world);
	free(plan);
}

static void cleanup_free_plan(struct cgfence_apply_plan **plan)
{
	cgfence_apply_plan_free(*plan);
}

/* What a fence does not remember can be nothing that it was written with. */
static int read_words(const struct cgfence_fence *fence, char **words, struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	int result = fence_read_source(fence, &packed, error);

	if (result == 0)
		result = policy_memory_words(packed, words, error);
	return result == -ENODATA || result == -EINVAL ? 0 : result;
}

/* A fence that is damaged or of another version still counts as a fence, and can be replaced. */
static int read_fence(uint64_t id, struct apply_fence *observed, char **pattern,
		      struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = fence_read(id, &fence, error);

	observed->id = id;
	if (result)
		return result == -EINVAL ? 0 : result;
	if (pattern && cgfence_fence_pattern(fence)) {
		*pattern = strdup(cgfence_fence_pattern(fence));
		if (!*pattern)
			return error_out_of_memory(error);
	}
	observed->torn = fence_is_torn(fence);
	observed->ephemeral = cgfence_fence_ephemeral(fence);
	result = read_words(fence, &observed->words, error);
	return result ? result
		      : cgfence_policy_format(cgfence_fence_policy(fence), &observed->text, error);
}

/* The fence of a target, if it has one. */
static int observe_target(const struct apply_target *target, struct apply_memory *memory,
			  struct apply_world *world, struct cgfence_error *error)
{
	struct apply_fence *observed = &world->fences[world->fence_count];
	const struct apply_source *source = &world->sources[target->source];
	uint64_t mark = fence_mark(target->id);
	const char *known = mark ? apply_memory_find(memory, target->id, mark) : NULL;
	uint64_t id;
	int result;

	yield_now();
	/* Its pins outlive its anchor for a while. */
	if (target->standing && cgfence_standing_find(target->path, &id, NULL) == -ENOENT)
		return 0;
	if (known) {
		*observed = (struct apply_fence){ .id = target->id, .known = known };
		apply_memory_add(memory, target->id, mark, known);
		world->fence_count++;
		return 0;
	}
	result = read_fence(target->id, observed, NULL, error);
	if (result)
		return result == -ENOENT ? 0 : result;
	world->fence_count++;
	if (mark && !observed->ephemeral && apply_plan_is_kept(observed, source))
		apply_memory_add(memory, target->id, mark, source->text);
	return 0;
}

static int compare_target_ids(const void *left, const void *right)
{
	const struct apply_target *a = left;
	const struct apply_target *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static int observe_targets(struct apply_memory *memory, struct apply_world *world,
			   struct cgfence_error *error)
{
	int result = 0;

	/* In ascending order of ids, as the fences have to be. */
	if (world->target_count)
		qsort(world->targets, world->target_count, sizeof(*world->targets),
		      compare_target_ids);
	world->fences = calloc(world->target_count + 1, sizeof(*world->fences));
	if (!world->fences)
		return error_out_of_memory(error);
	for (size_t i = 0; i < world->target_count && result == 0; i++) {
		if (i == 0 || world->targets[i - 1].id != world->targets[i].id)
			result = observe_target(&world->targets[i], memory, world, error);
	}
	apply_memory_turn(memory);
	return result;
}

/* What a step is to name. Of a damaged standing fence the pattern is not known. */
static char *name_of(uint64_t id, const struct cgfence_cgroup *cgroup)
{
	char *name = NULL;

	if (!cgfence_standing_is_id(id))
		return strdup(cgfence_cgroup_path(cgroup));
	return asprintf(&name, "id:%" PRIu64, id) < 0 ? NULL : name;
}

/* A fence, if its cgroup, or its anchor, still exists. */
static int observe_fence(uint64_t id, struct apply_world *world, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct apply_fence *observed = &world->fences[world->fence_count];
	uint64_t root = fence_root_id(id);
	int result = root ? cgroup_open_any_id(root, &cgroup, error) : -ENOENT;

	/* No policy here can name one that no mount shows, so it is not for this command to prune it. */
	if (result == 0 && cgfence_cgroup_path(cgroup)[0] != '/')
		return 0;
	if (result == 0)
		result = read_fence(id, observed, &observed->path, error);
	if (result == -ENOENT)
		return 0;
	/* From here on it is released with all others. */
	world->fence_count++;
	if (result)
		return result;
	if (!observed->path)
		observed->path = name_of(id, cgroup);
	return observed->path ? 0 : error_out_of_memory(error);
}

/* Only pruning needs the fences that no policy names. */
static int observe_all(struct apply_world *world, struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = cgfence_fence_list(&ids, &count, error);

	if (result)
		return result;
	world->fences = calloc(count + 1, sizeof(*world->fences));
	if (!world->fences)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count && result == 0; i++) {
		yield_now();
		result = observe_fence(ids[i], world, error);
	}
	return result;
}

int cgfence_apply_plan_make(const struct cgfence_policy_set *policies, unsigned int flags,
			    struct cgfence_apply_plan **plan, struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_free_plan))) struct cgfence_apply_plan *made =
		calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->patient = flags & CGFENCE_APPLY_PATIENT;
	made->world.sources = policies->sources;
	made->world.source_count = policies->count;
	result = apply_find_targets(&made->world, error);
	if (result == 0)
		result = flags & CGFENCE_APPLY_PRUNE
				 ? observe_all(&made->world, error)
				 : observe_targets(policies->memory, &made->world, error);
	if (result == 0)
		result = apply_plan(&made->world, flags, &made->steps, &made->step_count, error);
	if (result == 0 && flags & CGFENCE_APPLY_FORESEE)
		result = apply_foresee(made->steps, made->step_count, error);
	if (result)
		return result;
	*plan = cleanup_steal(made);
	return 0;
}

const struct cgfence_apply_step *cgfence_apply_plan_step(const struct cgfence_apply_plan *plan,
							 size_t index)
{
	return index < plan->step_count ? &plan->steps[index].step : NULL;
}

/*
 * Is nothing in the cgroup, and was it seen for the first time just now? A container runtime may have made it, whose
 * first process the kernel takes some tens of milliseconds to let in (cgroup_procs_write(), an RCU grace period).
 */
static bool is_new(const struct cgfence_cgroup *cgroup)
{
	cleanup_close int procs =
		openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_RDONLY | O_CLOEXEC);
	struct timespec now;
	struct stat status;
	int64_t age_ns;
	char any;

	if (read(procs, &any, 1) != 0 || fstat(cgfence_cgroup_fd(cgroup), &status) < 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	/* The kernel makes the inode of a cgroup when it is first looked up. */
	age_ns = (now.tv_sec - status.st_ctim.tv_sec) * 1000000000LL + now.tv_nsec -
		 status.st_ctim.tv_nsec;
	return age_ns >= 0 && age_ns < NEW_NS;
}

static int attach_standing(const struct apply_step *step, bool *gone, struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	int result = cgfence_standing_attach(step->step.cgroup, step->source->policy, 0, &attached,
					     error);

	if (result)
		return result;
	*gone = false;
	return 0;
}

static int attach(const struct apply_step *step, bool patient, bool *gone,
		  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	enum cgfence_attach_result attached;
	int result = cgroup_open_any_id(step->step.id, &cgroup, error);

	if (result == 0 && patient && !step->fence && step->source->policy->devices_fenced &&
	    is_new(cgroup))
		return error_set(error, EAGAIN, "%s is new and empty", cgfence_cgroup_path(cgroup));
	if (result == 0)
		result = cgfence_fence_attach(cgroup, step->source->policy,
					      apply_attach_flags(step), &attached, error);
	if (result == -ENOENT) {
		*gone = true;
		return 0;
	}
	if (result)
		return result;
	*gone = false;
	return 0;
}

/* Programs of others may have come back beside a fence that is as it should be. */
static int adopt_again(const struct apply_step *step, bool *gone, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	size_t taken = 0;
	int result = 0;

	if (cgfence_standing_is_id(step->step.id))
		standing_adopt_members(step->step.id);
	else
		result = cgroup_open_any_id(step->step.id, &cgroup, error);
	if (cgroup)
		result = cgfence_fence_adopt(cgroup, NULL, &taken, error);
	if (result && result != -ENOENT)
		return result;
	*gone = result;
	return 0;
}

/* A cgroup must not lose its own fence unless the standing one that takes its place is there. */
static int detach(const struct apply_step *step, struct cgfence_error *error)
{
	bool detached;
	uint64_t id;
	int result = step->heir ? cgfence_standing_find(step->heir, &id, error) : 0;

	if (result) {
		error_wrap(error, "the fence of %s stays", step->step.cgroup);
		return result;
	}
	return cgfence_fence_detach(step->step.id, &detached, error);
}

int cgfence_apply_plan_act(const struct cgfence_apply_plan *plan, size_t index, bool *gone,
			   struct cgfence_error *error)
{
	const struct apply_step *step = &plan->steps[index];
	int result;

	switch (step->step.action) {
	case CGFENCE_APPLY_ATTACH:
	case CGFENCE_APPLY_REPLACE:
		return cgfence_standing_is_id(step->step.id)
			       ? attach_standing(step, gone, error)
			       : attach(step, plan->patient, gone, error);
	case CGFENCE_APPLY_DETACH:
		result = detach(step, error);
		if (result)
			return result;
		break;
	case CGFENCE_APPLY_KEEP:
		if (step->source->policy->adopt)
			return adopt_again(step, gone, error);
		break;
	case CGFENCE_APPLY_NOTHING:
		break;
	case CGFENCE_APPLY_FAIL:
		return error_set(error, EIO, "%s", step->step.reason);
	}
	*gone = false;
	return 0;
}

/* The policies before and after a step; NULL where there is no text. */
struct step_policies {
	struct cgfence_policy *before;
	struct cgfence_policy *after;
};

static void release_policies(struct step_policies *policies)
{
	cgfence_policy_free(policies->before);
	cgfence_policy_free(policies->after);
}

static int parse_text(const char *text, const char *origin, struct cgfence_policy **policy,
		      struct cgfence_error *error)
{
	return text ? cgfence_policy_parse(text, strlen(text), origin, policy, error) : 0;
}

static int parse_step(const struct cgfence_apply_step *step, struct step_policies *policies,
		      struct cgfence_error *error)
{
	int result;

	/* The fence stays as it is, and not as if there were no policy for it. */
	if (step->action == CGFENCE_APPLY_FAIL)
		return 0;
	result = parse_text(step->old_text, step->cgroup, &policies->before, error);
	return result ? result : parse_text(step->new_text, step->cgroup, &policies->after, error);
}

int cgfence_apply_plan_diff(const struct cgfence_apply_step *step, char **diff,
			    struct cgfence_error *error)
{
	__attribute__((cleanup(release_policies))) struct step_policies policies = { 0 };
	int result = parse_step(step, &policies, error);

	return result ? result : cgfence_policy_diff(policies.before, policies.after, diff, error);
}

int cgfence_apply_plan_diff_json(const struct cgfence_apply_step *step, char **diff,
				 struct cgfence_error *error)
{
	__attribute__((cleanup(release_policies))) struct step_policies policies = { 0 };
	int result = parse_step(step, &policies, error);

	return result ? result
		      : cgfence_policy_diff_json(policies.before, policies.after, diff, error);
}
