/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences that fence ports, for the reconciler. */
#pragma once

#include "cgroup/hierarchy.h"

#define PORT_FENCE_NONE ((size_t)-1)

/* A fence, or a member of a standing fence, which is treated like the root of a fence of its own. */
struct port_fence {
	uint64_t id;	      /* of the cgroup */
	uint64_t standing_id; /* of the standing fence that it is a member of; else 0 */
	uint32_t program_id;  /* of the program that uses @image; 0 if it is not known */
	char *path; /* No descriptor, since anybody who may make members could use up those there are. */
	struct cgfence_image *image;
	size_t above; /* index of the next fence up the hierarchy, or PORT_FENCE_NONE */
};

struct port_fences {
	struct port_fence *items; /* by ascending id, and then by that of the standing fence */
	size_t count;
};

/*
 * The image of a fence, kept from pass to pass. A policy map is frozen before its program is loaded, so while the link
 * runs the same program, the image is the same.
 */
struct remembered_image {
	uint64_t fence_id;
	uint32_t program_id;
	struct cgfence_image *image;
};

/* An all-zero cache is empty. */
struct port_fence_cache {
	struct remembered_image *items; /* by ascending fence id */
	size_t count;
};

/**
 * port_fences_read() - read the fences that fence ports back from the kernel.
 * @only: id of the only fence to read, 0 for all
 * @member: of a standing fence, the only member to read; 0 for all
 * @cache: the images of earlier passes, updated if all fences are read; NULL for none
 * @fences: receives the fences, to be given to port_fences_free()
 *
 * Fences that vanish meanwhile are left out. If one cannot be read, @fences still receives the others, and the first
 * failure is returned.
 */
int port_fences_read(uint64_t only, uint64_t member, struct port_fence_cache *cache,
		     struct port_fences *fences, struct cgfence_error *error);

/** port_fence_identity() - the id of the fence, which that of its pins is too. */
static inline uint64_t port_fence_identity(const struct port_fence *fence)
{
	return fence->standing_id ? fence->standing_id : fence->id;
}

/** port_fences_free() - free them. */
void port_fences_free(struct port_fences *fences);

/**
 * port_fences_find() - the index of the fence on the cgroup with this id, or PORT_FENCE_NONE.
 *
 * Of several on one cgroup it is the one from which the others are reached upwards.
 */
size_t port_fences_find(const struct port_fences *fences, uint64_t id);

/**
 * port_fences_nearest() - find the fence on a cgroup, or else the nearest above it.
 * @hierarchy: of the cgroup
 *
 * @nearest: receives the index; PORT_FENCE_NONE if there is none, or the cgroup is gone
 *
 * Return: 0, or -errno if that is unknown, as without descriptors.
 */
int port_fences_nearest(const struct port_fences *fences, const struct hierarchy *hierarchy,
			uint64_t cgroup_id, size_t *nearest);

/**
 * port_fence_cache_copy() - the image that a program of a fence uses.
 *
 * Return: a copy to be given to free(), or NULL if it is not in the cache.
 */
struct cgfence_image *port_fence_cache_copy(const struct port_fence_cache *cache, uint64_t fence_id,
					    uint32_t program_id);

/** port_fence_cache_keep() - replace the content of the cache by these fences. */
void port_fence_cache_keep(struct port_fence_cache *cache, const struct port_fences *fences);

/** port_fence_cache_free() - empty the cache. */
void port_fence_cache_free(struct port_fence_cache *cache);
