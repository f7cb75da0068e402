// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/root.h"
#include "base/error.h"
#include "kernel/link.h"

#include <errno.h>

uint64_t fence_root_id(uint64_t id)
{
	uint64_t found = 0;

	if (!(id & CGFENCE_STANDING_ID))
		return id;
	for (int i = 0; i < hook_count && !found; i++)
		found = link_cgroup_id(id, &hooks[i]);
	return found;
}

bool fence_root_is_there(uint64_t id)
{
	for (int i = 0; i < hook_count; i++) {
		if (link_is_there(id, &hooks[i]))
			return true;
	}
	return false;
}

int fence_root_open(const struct hierarchy *hierarchy, uint64_t id, struct cgfence_cgroup **cgroup,
		    struct cgfence_error *error)
{
	uint64_t root = fence_root_id(id);

	return root ? hierarchy_open_any(hierarchy, root, cgroup, error)
		    : error_set(error, ENOENT, "the anchor of the fence is gone");
}
