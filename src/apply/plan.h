/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be done for the fences to be what the policies say: desired minus observed, and nothing but that. */
#pragma once

#include "apply/policy_set.h"

/* A cgroup that a policy names. */
struct apply_target {
	uint64_t id;
	char *path;
	bool is_root;
	size_t source; /* index */
};

/* A fence that is there. */
struct apply_fence {
	uint64_t id;
	char *path;
	char *text;	/* its policy, normalised; NULL if it cannot be read */
	bool torn;	/* half changed by a killed command */
	bool ephemeral; /* of a cgroup that goes with the command it was made for */
};

/* All that a plan is made from. Steps borrow its strings. */
struct apply_world {
	const struct apply_source *sources; /* borrowed */
	size_t source_count;
	struct apply_target *targets;
	size_t target_count;
	struct apply_fence *fences; /* in ascending order of ids */
	size_t fence_count;
};

struct apply_step {
	struct cgfence_plan_step step;
	const struct apply_source *source; /* NULL to detach */
	const struct apply_fence *fence;   /* NULL if there is none */
};

/**
 * apply_plan() - what is to be done.
 * @world: a cgroup that two policies name is a conflict, unless one of them names it plainly and the other by a glob
 * @prune: detach fences that no policy names, but those of commands that still run
 * @steps: receives an array sorted by cgroup, what is to be detached last, to be given to free()
 *
 * Return: 0, -EINVAL if policies are in conflict or would fence the root cgroup, -ENOMEM.
 */
int apply_plan(const struct apply_world *world, bool prune, struct apply_step **steps,
	       size_t *count, struct cgfence_error *error);
