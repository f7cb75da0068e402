/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The observation of the reconciler: the fences, the listeners, and which listener belongs to which fence. */
#pragma once

#include "net/listener.h"
#include "net/sock_diag.h"
#include "reconcile/choice.h"
#include "reconcile/holders.h"
#include "reconcile/inum_set.h"
#include "reconcile/port_fences.h"

#define SIGHTING_NO_HOLDER ((size_t)-1)

/* A listener that belongs to a fence, by the cgroup it was made in or by a task that holds it. */
struct sighting {
	size_t fence;
	size_t listener;
	size_t holder; /* index of the task in the fence with the lowest pid, or SIGHTING_NO_HOLDER */
	bool made_inside;
	enum port_choice
		choice; /* of the port; never PORT_CHOICE_KERNEL once clients are dropped */
};

struct observation {
	struct port_fences fences;
	struct sock_diag **netns; /* listener.netns is an index of this array */
	size_t netns_count;
	size_t netns_capacity;
	struct inum_set netns_inums;
	struct listeners listeners;
	struct holders holders;
	struct sighting *sightings; /* sorted by fence, then by listener; one for each pair */
	size_t sighting_count;
	bool of_event; /* only the socket of an event was looked at */
	bool complete; /* nothing failed, so a listener that is missing here does not exist */
};

/** observation_free() - free the content. */
void observation_free(struct observation *observation);
