/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences that fence ports, for the reconciler. */
#pragma once

#include "cgroup/hierarchy.h"
#include "reconcile/port_images.h"

#define PORT_FENCE_NONE ((size_t)-1)

/* A fence, or a member of a standing fence, which is treated like the root of a fence of its own. */
struct port_fence {
	uint64_t id;	      /* of the cgroup */
	uint64_t standing_id; /* of the standing fence that it is a member of; else 0 */
	char *path; /* No descriptor, since anybody who may make members could use up those there are. */
	struct cgfence_image *image;
	struct port_image *
		shared; /* has the image, where others may use it too; else NULL, and the image is its own */
	size_t above; /* index of the next fence up the hierarchy, or PORT_FENCE_NONE */
};

struct port_fences {
	struct port_fence *items; /* by ascending id, and then by that of the standing fence */
	size_t count;
};

struct cgfence_census;

/* Data kept from pass to pass, so that it is not read again while nothing shows that it changed. All zero is empty. */
struct port_fence_cache {
	struct port_images images;
	struct cgfence_census *census; /* borrowed; NULL to look at the fences closely each time */
};

/**
 * port_fences_read() - read the fences that fence ports back from the kernel.
 * @only: id of the only fence to read, 0 for all
 * @member: of a standing fence, the only member to read; 0 for all
 * @cache: of earlier passes, updated if all fences are read; NULL for none
 * @hierarchy: closed; it is open afterwards if it was needed
 * @fences: receives the fences, to be given to port_fences_free()
 *
 * Fences that vanish meanwhile are left out. If one cannot be read, @fences still receives the others, and the first
 * failure is returned.
 */
int port_fences_read(uint64_t only, uint64_t member, struct port_fence_cache *cache,
		     struct hierarchy *hierarchy, struct port_fences *fences,
		     struct cgfence_error *error);

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

/** port_fence_cache_free() - empty the cache. */
void port_fence_cache_free(struct port_fence_cache *cache);
