/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where cgroups are, kept for who asks again and again. A cgroup is never renamed, so one system call shows that it is
 * where it was.
 */
#pragma once

#include "cgroup/hierarchy.h"

struct cgroup_place {
	uint64_t id;
	char *path;   /* as cgfence_cgroup_path() has it */
	size_t below; /* where in it begins what leads there from the mount point that is open; SIZE_MAX if nothing does */
	bool used;    /* in this round */
};

/* All zero has none. */
struct cgroup_places {
	struct cgroup_place *items; /* those that earlier rounds left come first, by ascending id */
	size_t count;
	size_t sorted;
	size_t capacity;
	uint64_t mounts; /* hierarchy_digest() */
};

/** cgroup_places_begin() - begin a round: those that were not asked for in the last one are forgotten. */
void cgroup_places_begin(struct cgroup_places *places, const struct hierarchy *hierarchy);

/**
 * cgroup_places_find() - where a cgroup is.
 * @hierarchy: the same as in cgroup_places_begin()
 * @path: receives the path, owned by @places until the next round begins; that of one that no mount shows is "id:N"
 *
 * Return: 0, -ENOENT if the cgroup is gone, another -errno.
 */
int cgroup_places_find(struct cgroup_places *places, const struct hierarchy *hierarchy, uint64_t id,
		       const char **path, struct cgfence_error *error);

/** cgroup_places_have() - is it known already, and still there? */
bool cgroup_places_have(struct cgroup_places *places, const struct hierarchy *hierarchy,
			uint64_t id);

/** cgroup_places_keep() - the same for one that is there for certain. Return: its path, NULL if it is not known already. */
const char *cgroup_places_keep(struct cgroup_places *places, uint64_t id);

/** cgroup_places_free() - forget all. */
void cgroup_places_free(struct cgroup_places *places);
