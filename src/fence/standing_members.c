// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a standing fence, as the kernel has them. */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/pattern.h"
#include "fence/fence.h"
#include "kernel/error.h"
#include "kernel/member_records.h"
#include "kernel/membership.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <cgfence/standing.h>
#include <stdio.h>
#include <string.h>

int cgfence_fence_read_members(const struct cgfence_fence *fence, uint64_t **ids, size_t *count,
			       struct cgfence_error *error)
{
	const struct membership *membership = fence_membership(fence);
	uint64_t *found = NULL;
	size_t used = 0;
	int result = membership->members < 0 ? 0
					     : membership_list(membership->members, &found, &used);

	if (result)
		return kernel_error(error, -result, "read the members");
	*count = used;
	*ids = found;
	return 0;
}

int cgfence_fence_count_members(const struct cgfence_fence *fence, size_t *count,
				struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;

	return cgfence_fence_read_members(fence, &ids, count, error);
}

int cgfence_fence_read_member_counters(const struct cgfence_fence *fence, uint64_t member,
				       struct cgfence_counters *counters,
				       struct cgfence_error *error)
{
	struct cgfence_member found;

	if (bpf_map_lookup_elem(fence_membership(fence)->members, &member, &found) < 0)
		return errno == ENOENT
			       ? error_set(error, ENOENT, "it is no member")
			       : kernel_error(error, errno, "read the counters of a member");
	*counters = (struct cgfence_counters){ 0 };
	memcpy(counters->refusals, found.refusals, sizeof(counters->refusals));
	return 0;
}

/* Behind the part of the pattern that names the anchor. */
static int find_gone(const struct cgfence_fence *fence, uint64_t member, char **path,
		     struct cgfence_error *error)
{
	const struct cgfence_standing *standing = fence_standing(fence);
	uint32_t components = standing->member_level - standing->anchor_level;
	const char *pattern = cgfence_fence_pattern(fence);
	size_t anchor_length = (size_t)(cgroup_pattern_tail(pattern, components) - pattern) - 1;
	cleanup_free char *below = NULL;
	int map = fence_membership(fence)->gone;
	int result = map < 0 ? -ENOENT
			     : member_gone_read(map, fence_id(fence), member, components, &below);

	if (result == -ENOENT)
		return error_set(error, ENOENT,
				 "the cgroup with id %llu is gone, and its name is not known",
				 (unsigned long long)member);
	if (result || asprintf(path, "%.*s%s", (int)anchor_length, pattern, below) < 0)
		return error_out_of_memory(error);
	return 0;
}

int cgfence_fence_member_path(const struct cgfence_fence *fence, uint64_t member, char **path,
			      struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (cgfence_cgroup_open_id(member, &cgroup, NULL))
		return find_gone(fence, member, path, error);
	*path = strdup(cgfence_cgroup_path(cgroup));
	return *path ? 0 : error_out_of_memory(error);
}

static bool is_member(uint64_t fence_id, uint64_t cgroup_id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_member member;

	return fence_read(fence_id, &fence, NULL) == 0 && fence_membership(fence)->members >= 0 &&
	       bpf_map_lookup_elem(fence_membership(fence)->members, &cgroup_id, &member) == 0;
}

int cgfence_standing_of(uint64_t cgroup_id, uint64_t **ids, size_t *count,
			struct cgfence_error *error)
{
	uint64_t *listed = NULL;
	size_t all = 0;
	size_t kept = 0;
	int result = pins_list(&listed, &all, error);

	if (result)
		return result;
	for (size_t i = 0; i < all; i++) {
		if (cgfence_standing_is_id(listed[i]) && is_member(listed[i], cgroup_id))
			listed[kept++] = listed[i];
	}
	*ids = listed;
	*count = kept;
	return 0;
}
