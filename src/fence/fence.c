// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences as the kernel holds them: read back and listed. */
#include "fence/fence.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/missing.h"
#include "fence/present.h"
#include "fence/since.h"
#include "fence/source_read.h"
#include "image/image.h"
#include "kernel/error.h"
#include "kernel/link.h"
#include "kernel/own.h"
#include "kernel/pins.h"
#include "policy/memory.h"

#include <bpf/bpf.h>
#include <cgfence/standing.h>
#include <string.h>

struct cgfence_fence {
	struct cgfence_policy *policy;
	struct cgfence_counters counters;
	struct fence_maps maps;
	uint64_t generation;
	uint64_t id;
	bool ephemeral;
	bool learns;
	bool torn;
	enum cgfence_listen_guard guard;
	struct cgfence_standing standing;
	char *pattern; /* of a standing fence */
	struct membership membership;
	bool overflows;
	const char *hook_names[HOOKS_MAX];	/* ended by NULL */
	const char *missing[FENCE_MISSING_MAX]; /* likewise */
};

void cgfence_fence_close(struct cgfence_fence *fence)
{
	if (!fence)
		return;
	cgfence_policy_free(fence->policy);
	fence_maps_close(&fence->maps);
	membership_close(&fence->membership);
	free(fence->pattern);
	free(fence);
}

const struct cgfence_policy *cgfence_fence_policy(const struct cgfence_fence *fence)
{
	return fence->policy;
}

int fence_read_source(const struct cgfence_fence *fence, char **packed, struct cgfence_error *error)
{
	return fence_source_read(fence->maps.source_id, packed, error);
}

int cgfence_fence_source(const struct cgfence_fence *fence, char **text,
			 struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	int result = fence_read_source(fence, &packed, error);

	return result ? result : policy_memory_format(packed, text, error);
}

bool cgfence_fence_rewords(const struct cgfence_fence *fence, const struct cgfence_policy *policy)
{
	cleanup_free char *packed = NULL;

	fence_read_source(fence, &packed, NULL);
	return policy_memory_differs(policy, packed);
}

uint64_t cgfence_fence_generation(const struct cgfence_fence *fence)
{
	return fence->generation;
}

uint64_t cgfence_fence_since_ns(const struct cgfence_fence *fence)
{
	return since_read_ns(fence->id);
}

uint64_t cgfence_counters_denied(const struct cgfence_counters *counters, enum cgfence_hook hook)
{
	const __u64 *refusals = counters->refusals[hook];

	return refusals[CGFENCE_VERDICT_DENIED] + refusals[CGFENCE_VERDICT_KILLED] +
	       refusals[CGFENCE_VERDICT_MUTED];
}

const struct cgfence_counters *cgfence_fence_counters(const struct cgfence_fence *fence)
{
	return &fence->counters;
}

bool cgfence_fence_ephemeral(const struct cgfence_fence *fence)
{
	return fence->ephemeral;
}

bool fence_learns(const struct cgfence_fence *fence)
{
	return fence->learns;
}

/* The counters stay for as long as the fence does, and the kernel gives no id to another map. */
bool fence_is_same(const struct cgfence_fence *a, const struct cgfence_fence *b)
{
	uint32_t counters = fence_maps_id(a->maps.counters);

	return counters && counters == fence_maps_id(b->maps.counters) &&
	       cgfence_fence_generation(a) == cgfence_fence_generation(b);
}

enum cgfence_listen_guard cgfence_fence_listen_guard(const struct cgfence_fence *fence)
{
	return fence->guard;
}

const char *cgfence_fence_hook_name(const struct cgfence_fence *fence, size_t index)
{
	return index < HOOKS_MAX ? fence->hook_names[index] : NULL;
}

const char *cgfence_fence_missing_name(const struct cgfence_fence *fence, size_t index)
{
	return index < FENCE_MISSING_MAX ? fence->missing[index] : NULL;
}

uint64_t fence_id(const struct cgfence_fence *fence)
{
	return fence->id & ~CGFENCE_LEARNING_BIT;
}

bool fence_is_torn(const struct cgfence_fence *fence)
{
	return fence->torn;
}

const char *cgfence_fence_pattern(const struct cgfence_fence *fence)
{
	return fence->pattern;
}

uint64_t cgfence_fence_anchor(const struct cgfence_fence *fence)
{
	return fence->standing.anchor_id;
}

bool cgfence_fence_overflows(const struct cgfence_fence *fence)
{
	return fence->overflows;
}

const struct cgfence_standing *fence_standing(const struct cgfence_fence *fence)
{
	return &fence->standing;
}

const struct membership *fence_membership(const struct cgfence_fence *fence)
{
	return &fence->membership;
}

int fence_read_denial_set(const struct cgfence_fence *fence, uint32_t index,
			  struct cgfence_standing_denial_set *set)
{
	memset(set, 0, sizeof(*set));
	if (fence->maps.records >= 0)
		return own_read_set(&fence->maps, fence->id, index, set->ways);
	return bpf_map_lookup_elem_flags(fence->maps.denials, &index, set, BPF_F_LOCK) < 0 ? -errno
											   : 0;
}

static int read_present(uint64_t id, struct cgfence_fence *fence, struct fence_present *present,
			struct cgfence_error *error)
{
	size_t found = 0;
	int result = fence_present_read(id, present, error);

	if (result)
		return result;
	if (!present->fenced)
		return error_set(error, ENOENT, "the cgroup with id %llu is not fenced",
				 (unsigned long long)id);
	for (int i = 0; i < hook_count; i++) {
		if (present->links[i].fd >= 0)
			fence->hook_names[found++] = hooks[i].name;
	}
	if (present->maps.policy < 0)
		return error_set(
			error, EINVAL,
			"its programs have no policy map; detach it and attach its policy again");
	return present->image ? 0
			      : fence_maps_read_image(present->maps.policy, &present->image, error);
}

static int take_over(struct cgfence_fence *fence, struct fence_present *present,
		     struct cgfence_error *error)
{
	fence->generation = present->image->generation;
	fence->id = present->image->cgroup_id;
	fence->ephemeral = present->image->ephemeral;
	fence->learns = image_learns(present->image);
	fence->torn = present->torn || present->unsettled;
	fence->guard = (enum cgfence_listen_guard)present->image->ports.guard;
	fence_missing(present->image, fence->missing);
	fence->maps = present->maps;
	present->maps = (struct fence_maps)FENCE_MAPS_CLOSED;
	fence->standing = *image_standing(present->image);
	fence->membership = present->membership;
	present->membership = (struct membership)MEMBERSHIP_CLOSED;
	fence->overflows = present->overflows;
	if (fence->standing.anchor_id) {
		fence->pattern = image_pattern(present->image);
		if (!fence->pattern)
			return error_out_of_memory(error);
	}
	return image_decompile(present->image, &fence->policy, error);
}

int cgfence_fence_read_counters(const struct cgfence_fence *fence,
				struct cgfence_counters *counters, struct cgfence_error *error)
{
	struct cgfence_own own;
	uint32_t zero = 0;

	if (fence->maps.own >= 0) {
		int result = own_read(&fence->maps, fence->id, &own, error);

		if (result == 0)
			*counters = own.counters;
		return result;
	}
	if (bpf_map_lookup_elem(fence->maps.counters, &zero, counters) < 0)
		return kernel_error(error, errno, "read the counters");
	return 0;
}

static int read_counters(struct cgfence_fence *fence, struct cgfence_error *error)
{
	if ((fence->maps.counters < 0 || fence->maps.denials < 0) &&
	    (fence->maps.own < 0 || fence->maps.records < 0))
		return error_set(
			error, EINVAL,
			"it was made by another version of cgfence; attach its policy again with this one");
	return cgfence_fence_read_counters(fence, &fence->counters, error);
}

int fence_read(uint64_t id, struct cgfence_fence **fence, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *made = calloc(1, sizeof(*made));
	cleanup_present struct fence_present present;
	int result;

	fence_present_init(&present);
	if (!made)
		return error_out_of_memory(error);
	made->maps = (struct fence_maps)FENCE_MAPS_CLOSED;
	made->membership = (struct membership)MEMBERSHIP_CLOSED;
	result = pins_check(id, error);
	if (result)
		return result;
	result = read_present(id, made, &present, error);
	if (result == -ENOENT)
		return result;
	if (result == 0)
		result = take_over(made, &present, error);
	if (result == 0)
		result = read_counters(made, error);
	if (result) {
		error_wrap(error, "cannot read the fence with id %llu", (unsigned long long)id);
		return result;
	}
	*fence = cleanup_steal(made);
	return 0;
}

int fence_read_port_image(uint64_t id, struct cgfence_image **image, struct cgfence_error *error)
{
	cleanup_link struct link link = LINK_CLOSED;
	cleanup_close int policy = -1;
	int result = -ENOENT;

	for (int i = 0; i < hook_count && result == -ENOENT; i++) {
		if (hook_topic(&hooks[i]) == CGFENCE_TOPIC_PORTS)
			result = link_open(id, &hooks[i], &link, error);
	}
	if (result == 0)
		result = fence_maps_find_policy(link.program, &policy, error);
	if (result == 0)
		result = fence_maps_read_image(policy, image, error);
	if (result == 0 && (*image)->shared)
		(*image)->cgroup_id = id;
	if (result && result != -ENOENT)
		error_wrap(error, "cannot read the fence with id %llu", (unsigned long long)id);
	return result;
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

		for (int hook = 0; hook < hook_count && !fenced; hook++)
			fenced = link_is_there(found[i], &hooks[hook]);
		if (fenced)
			found[kept++] = found[i];
	}
	*ids = found;
	*count = kept;
	return 0;
}
