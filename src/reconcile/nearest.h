/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which fence is nearest to a cgroup, remembered for each cgroup on the way up to it: whoever may make cgroups can make
 * them deep, and have the holders of sockets in as many of them as it wants.
 */
#pragma once

#include "reconcile/port_fences.h"

struct nearest_entry {
	uint64_t cgroup_id; /* 0 is empty */
	size_t fence;	    /* index, or PORT_FENCE_NONE */
};

/* Begins with zeros. Good as long as the fences are the same. */
struct nearest {
	struct nearest_entry *table; /* hash table */
	size_t size;		     /* a power of 2 */
	size_t count;
};

/** nearest_known() - is the fence of the cgroup known? @cgroup_id: not 0; @fence: receives it */
bool nearest_known(const struct nearest *nearest, uint64_t cgroup_id, size_t *fence);

/** nearest_remember() - remember one, unless it is known. Return: 0 or -ENOMEM. */
int nearest_remember(struct nearest *nearest, uint64_t cgroup_id, size_t fence);

/**
 * nearest_find() - find the fence on a cgroup, or else the nearest above it.
 * @hierarchy: of the cgroup
 * @fence: receives the index; PORT_FENCE_NONE if there is none, or the cgroup is gone
 *
 * It yields (yield_now()) before each cgroup that it has to open.
 *
 * Return: 0, or -errno if that is unknown, as without descriptors.
 */
int nearest_find(struct nearest *nearest, const struct port_fences *fences,
		 const struct hierarchy *hierarchy, uint64_t cgroup_id, size_t *fence);

/** nearest_free() - forget all. */
void nearest_free(struct nearest *nearest);
