/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the reconciler sees: the fences, the listeners, and which are in which. */
#pragma once

#include "reconcile/holders.h"
#include "net/listener.h"
#include "reconcile/port_fences.h"
#include "net/sock_diag.h"

#define SIGHTING_NO_HOLDER ((size_t)-1)

/* A listener that belongs to a fence, by the cgroup it was made in or by a task that holds it. */
struct sighting {
	size_t fence;
	size_t listener;
	size_t holder; /* the task in the fence with the lowest pid; SIGHTING_NO_HOLDER */
	bool made_inside;
};

struct observation {
	struct port_fences fences;
	struct sock_diag **netns; /* which listener.netns is an index of */
	size_t netns_count;
	struct listeners listeners;
	struct holders holders;
	struct sighting *sightings; /* by fence, then listener; one for each pair */
	size_t sighting_count;
	bool complete; /* nothing failed, so what is not here is not there */
};

/* What to look at. */
struct observation_scope {
	uint64_t fence_id; /* of the only fence wanted, 0 for all */
	/* NULL: walk /proc, as kernels without the iterator must. It is also faster for a fence with few tasks. */
	struct holder_iterator *iterator;
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

/** observation_free() - free what was seen. */
void observation_free(struct observation *observation);
