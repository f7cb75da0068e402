/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps that make fences match the policies: desired minus observed, and nothing else. */
#pragma once

#include "apply/world.h"

struct apply_step {
	struct cgfence_apply_step step;
	const struct apply_source *source; /* NULL to detach */
	const struct apply_fence *fence;   /* NULL if there is none */
	char *reason; /* of a conflict, which is the step's own; NULL if there is none */
	/* The pattern of the standing fence that takes the place of a fence to detach; NULL if none does. */
	const char *heir;
};

/**
 * apply_plan() - make a plan.
 * @world: two policies with one cgroup or pattern are in conflict, unless one names a cgroup plainly and the other by a
 * glob without standing fences: then the plain one holds
 * @flags: enum cgfence_apply_flags; without CGFENCE_APPLY_FAIL_ALONE, two such policies and the root are refused
 * @steps: receives an array sorted by cgroup, with the fences to detach last; to be given to apply_plan_free()
 *
 * Return: 0, -EINVAL if policies are in conflict or would fence the root cgroup, -ENOMEM.
 */
int apply_plan(const struct apply_world *world, unsigned int flags, struct apply_step **steps,
	       size_t *count, struct cgfence_error *error);

/** apply_plan_is_kept() - has a fence the policy of a source already, in the same words? */
bool apply_plan_is_kept(const struct apply_fence *fence, const struct apply_source *source);

/** apply_plan_free() - free the steps; NULL is fine. */
void apply_plan_free(struct apply_step *steps, size_t count);
