/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Observes fences, listeners and holders. */
#pragma once

#include "reconcile/holders_iterator.h"
#include "reconcile/observation.h"

/* The scope of an observation. */
struct observation_scope {
	uint64_t fence_id; /* of the only fence to observe, 0 for all */
	/* NULL to walk /proc: for kernels without the iterator, and faster for a fence with few tasks. */
	struct holders_iterator *iterator;
	struct port_fence_cache *fences; /* NULL: read all of them from the kernel */
};

/**
 * observe() - observe everything in a scope.
 * @observation: receives the observation, also on failure; to be given to observation_free()
 *
 * Return: 0, or the first failure, which does not stop the rest of the observation.
 */
int observe(const struct observation_scope *scope, struct observation *observation,
	    struct cgfence_error *error);

/**
 * observe_event() - observe only the socket of a listen event of the kernel.
 * @fences: as in struct observation_scope
 * @observation: receives the observation, which is never complete
 */
int observe_event(const struct cgfence_event *event, struct port_fence_cache *fences,
		  struct observation *observation, struct cgfence_error *error);
