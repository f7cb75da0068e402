/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looking at fences, listeners and holders. */
#pragma once

#include "reconcile/holders_iterator.h"
#include "reconcile/observation.h"

/* What to look at. */
struct observation_scope {
	uint64_t fence_id; /* of the only fence wanted, 0 for all */
	/* NULL: walk /proc, as kernels without the iterator must. It is also faster for a fence with few tasks. */
	struct holders_iterator *iterator;
	struct port_fence_cache *fences; /* NULL: read all of them from the kernel */
};

/**
 * observe() - look at everything.
 * @observation: receives what was seen, also on failure; to be given to observation_free()
 *
 * Return: 0, or the first failure; what did not fail was observed all the same.
 */
int observe(const struct observation_scope *scope, struct observation *observation,
	    struct cgfence_error *error);

/**
 * observe_event() - look only at what a listen event of the kernel speaks of.
 * @fences: as in struct observation_scope
 * @observation: receives what was seen; it is never complete
 */
int observe_event(const struct cgfence_event *event, struct port_fence_cache *fences,
		  struct observation *observation, struct cgfence_error *error);
