/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the reconciler sees: the fences, the listeners, and which are in which. */
#pragma once

#include "net/listener.h"
#include "net/sock_diag.h"
#include "reconcile/holders.h"
#include "reconcile/port_fences.h"

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

/** observation_free() - free what was seen. */
void observation_free(struct observation *observation);
