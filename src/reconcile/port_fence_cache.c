// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/port_fence_cache.h"

#include <stdlib.h>
#include <string.h>

static int compare_fence_ids(const void *left, const void *right)
{
	const struct remembered_image *a = left;
	const struct remembered_image *b = right;

	return a->fence_id < b->fence_id ? -1 : a->fence_id > b->fence_id;
}

/* No program has id 0, which stands for one that is not known. */
static struct remembered_image *find(const struct port_fence_cache *cache, uint64_t fence_id,
				     uint32_t program_id)
{
	const struct remembered_image key = { .fence_id = fence_id };
	struct remembered_image *found =
		cache->count && program_id
			? bsearch(&key, cache->items, cache->count, sizeof(key), compare_fence_ids)
			: NULL;

	return found && found->program_id == program_id ? found : NULL;
}

static struct cgfence_image *copy_image(const struct cgfence_image *image)
{
	struct cgfence_image *copy = malloc(image->size);

	if (copy)
		memcpy(copy, image, image->size);
	return copy;
}

struct cgfence_image *port_fence_cache_copy(const struct port_fence_cache *cache, uint64_t fence_id,
					    uint32_t program_id)
{
	const struct remembered_image *found = find(cache, fence_id, program_id);

	return found && found->image ? copy_image(found->image) : NULL;
}

void port_fence_cache_free(struct port_fence_cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		free(cache->items[i].image);
	free(cache->items);
	*cache = (struct port_fence_cache){ 0 };
}

void port_fence_cache_keep(struct port_fence_cache *cache, const struct port_fences *fences)
{
	struct port_fence_cache kept = {
		.items = calloc(fences->count + 1, sizeof(*kept.items)),
	};

	/* Without memory for it the next pass asks the kernel, as it does for an image that is missing. */
	for (size_t i = 0; i < fences->count && kept.items; i++) {
		const struct port_fence *fence = &fences->items[i];
		struct remembered_image *known = find(cache, fence->id, fence->program_id);
		struct remembered_image *item = &kept.items[kept.count++];

		item->fence_id = fence->id;
		item->program_id = fence->program_id;
		item->image = known ? known->image : copy_image(fence->image);
		if (known)
			known->image = NULL;
	}
	port_fence_cache_free(cache);
	*cache = kept;
}
