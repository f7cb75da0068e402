/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences of ports, as the reconciler sees them. */
#pragma once

#include "cgroup/hierarchy.h"

#define PORT_FENCE_NONE ((size_t)-1)

struct port_fence {
	uint64_t id;
	uint32_t program_id; /* of a program that goes by @image; 0 if that is not known */
	struct cgfence_cgroup *cgroup;
	struct cgfence_image *image;
	size_t above; /* index of the next fence up the hierarchy, or PORT_FENCE_NONE */
};

struct port_fences {
	struct port_fence *items; /* by ascending id */
	size_t count;
};

/*
 * What fences of ports go by, remembered from pass to pass. A policy map is frozen before the program that reads it is
 * loaded, so as long as the link runs the same program, the image is the same.
 */
struct remembered_image {
	uint64_t fence_id;
	uint32_t program_id;
	struct cgfence_image *image;
};

/* All zero is empty. */
struct port_fence_cache {
	struct remembered_image *items; /* by ascending fence id */
	size_t count;
};

/**
 * port_fences_read() - read the fences of ports back from the kernel.
 * @only: id of the only one wanted, 0 for all
 * @cache: what was read before, which is brought up to date if all are wanted; NULL for none
 * @fences: receives them, to be given to port_fences_free()
 *
 * Those that vanish meanwhile are left out. One that cannot be read does not hide the others: they are received, and the
 * first failure is returned.
 */
int port_fences_read(uint64_t only, struct port_fence_cache *cache, struct port_fences *fences,
		     struct cgfence_error *error);

/** port_fences_free() - free them. */
void port_fences_free(struct port_fences *fences);

/** port_fences_find() - the index of the fence with this id, or PORT_FENCE_NONE. */
size_t port_fences_find(const struct port_fences *fences, uint64_t id);

/**
 * port_fences_nearest() - the index of the fence that is nearest above a cgroup, or on it.
 * @hierarchy: where to look for it
 *
 * Return: PORT_FENCE_NONE also if the cgroup is gone.
 */
size_t port_fences_nearest(const struct port_fences *fences, const struct hierarchy *hierarchy,
			   uint64_t cgroup_id);

/**
 * port_fence_cache_copy() - the image that a program of a fence goes by.
 *
 * Return: a copy to be given to free(), or NULL if it is not remembered.
 */
struct cgfence_image *port_fence_cache_copy(const struct port_fence_cache *cache, uint64_t fence_id,
					    uint32_t program_id);

/** port_fence_cache_keep() - remember these fences, and no others. */
void port_fence_cache_keep(struct port_fence_cache *cache, const struct port_fences *fences);

/** port_fence_cache_free() - forget all. */
void port_fence_cache_free(struct port_fence_cache *cache);
