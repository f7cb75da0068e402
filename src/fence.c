// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences as the kernel holds them: read back, listed, taken away. */
#include "fence.h"
#include "error.h"
#include "image.h"
#include "kernel_error.h"
#include "link.h"
#include "pins.h"

#include <bpf/bpf.h>

struct cgfence_fence {
	struct cgfence_policy *policy;
	struct cgfence_counters counters;
	struct fence_maps maps;
	uint64_t generation;
	bool ephemeral;
	const char *hook_names[HOOK_COUNT + 1]; /* ended by NULL */
};

void cgfence_fence_close(struct cgfence_fence *fence)
{
	if (!fence)
		return;
	cgfence_policy_free(fence->policy);
	fence_maps_close(&fence->maps);
	free(fence);
}

const struct cgfence_policy *cgfence_fence_policy(const struct cgfence_fence *fence)
{
	return fence->policy;
}

uint64_t cgfence_fence_generation(const struct cgfence_fence *fence)
{
	return fence->generation;
}

const struct cgfence_counters *cgfence_fence_counters(const struct cgfence_fence *fence)
{
	return &fence->counters;
}

bool cgfence_fence_ephemeral(const struct cgfence_fence *fence)
{
	return fence->ephemeral;
}

const char *cgfence_fence_hook_name(const struct cgfence_fence *fence, size_t index)
{
	return index < HOOK_COUNT ? fence->hook_names[index] : NULL;
}

int fence_denials_map(const struct cgfence_fence *fence)
{
	return fence->maps.denials;
}

static int read_links(uint64_t id, struct cgfence_fence *fence, struct cgfence_error *error)
{
	int found = 0;

	for (int i = 0; i < HOOK_COUNT; i++) {
		cleanup_link struct link link = { .fd = -1 };
		int result = link_open(id, &hooks[i], &link, error);

		if (result == -ENOENT)
			continue;
		if (result == 0 && !found)
			result = fence_maps_find(link.program_id, &fence->maps, error);
		if (result)
			return result;
		fence->hook_names[found++] = hooks[i].name;
	}
	return found ? 0
		     : error_set(error, ENOENT, "the cgroup with id %llu is not fenced",
				 (unsigned long long)id);
}

static int read_policy(struct cgfence_fence *fence, struct cgfence_error *error)
{
	cleanup_free struct cgfence_image *image = NULL;
	int result = fence_maps_read_image(fence->maps.policy, &image, error);

	if (result)
		return result;
	fence->generation = image->generation;
	fence->ephemeral = image->ephemeral;
	return image_decompile(image, &fence->policy, error);
}

static int read_counters(struct cgfence_fence *fence, struct cgfence_error *error)
{
	uint32_t zero = 0;

	if (fence->maps.counters < 0 || fence->maps.denials < 0)
		return error_set(
			error, EINVAL,
			"it was made by another version of cgfence; attach its policy again with this one");
	if (bpf_map_lookup_elem(fence->maps.counters, &zero, &fence->counters) < 0)
		return kernel_error(error, errno, "read the counters");
	return 0;
}

int cgfence_fence_open(uint64_t id, struct cgfence_fence **fence, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_set(error, ENOMEM, "out of memory");
	made->maps = (struct fence_maps)FENCE_MAPS_CLOSED;
	result = read_links(id, made, error);
	if (result)
		return result;
	result = read_policy(made, error);
	if (result == 0)
		result = read_counters(made, error);
	if (result) {
		error_wrap(error, "cannot read the fence with id %llu", (unsigned long long)id);
		return result;
	}
	*fence = cleanup_steal(made);
	return 0;
}

static int remove_links(uint64_t id, bool *removed, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result = link_remove(id, &hooks[i], error);

		if (result < 0)
			return result;
		*removed = *removed || result;
	}
	return 0;
}

int cgfence_fence_detach(uint64_t id, bool *detached, struct cgfence_error *error)
{
	bool removed = false;
	int result;
	int lock;

	if (!pins_have_bpffs()) {
		*detached = false;
		return 0;
	}
	result = pins_lock(id, &lock, error);
	if (result)
		return result;
	result = remove_links(id, &removed, error);
	pins_unlock(id, lock);
	if (result)
		return result;
	*detached = removed;
	return 0;
}

int cgfence_fence_list(uint64_t **ids, size_t *count, struct cgfence_error *error)
{
	uint64_t *found = NULL;
	size_t listed = 0;
	size_t kept = 0;
	int result = pins_list(&found, &listed, error);

	if (result)
		return result;
	for (size_t i = 0; i < listed; i++) {
		bool fenced = false;

		for (int hook = 0; hook < HOOK_COUNT && !fenced; hook++) {
			cleanup_link struct link link = { .fd = -1 };

			fenced = link_open(found[i], &hooks[hook], &link, NULL) == 0 &&
				 link.cgroup_id;
		}
		if (fenced)
			found[kept++] = found[i];
	}
	*ids = found;
	*count = kept;
	return 0;
}
