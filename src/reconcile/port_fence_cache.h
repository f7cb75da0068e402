/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What fences of ports go by, remembered from pass to pass. A policy map is frozen before the program that reads it is
 * loaded, so as long as the link runs the same program, the image is the same.
 */
#pragma once

#include "reconcile/port_fences.h"

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
