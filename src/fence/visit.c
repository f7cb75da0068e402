// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All fences, one after the other. */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "fence/fence.h"
#include "fence/root.h"

#include <cgfence/standing.h>
#include <errno.h>

struct visit {
	cgfence_fence_visitor *visitor;
	void *context;
	struct hierarchy hierarchy; /* closed if no cgroup2 is mounted */
};

/* Return: 0, also with no cgroup where no mount shows it; -ENOENT if it is gone, another -errno. */
static int open_shown(const struct hierarchy *hierarchy, uint64_t id,
		      struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	uint64_t root = fence_root_id(id);
	int result = 0;

	if (hierarchy->fd >= 0)
		result =
			root ? hierarchy_open_cgroup(hierarchy, root, cgroup, error)
			     : error_set(
				       error, ENOENT,
				       "its anchor is gone, and it could not be attached to another one");
	return result == -EXDEV ? 0 : result;
}

static void visit_fence(const struct visit *visit, uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	int result = cgfence_fence_open(id, &fence, &error);

	if (result != -ENOENT) {
		struct cgfence_error cgroup_error = { 0 };
		int cgroup_result = open_shown(&visit->hierarchy, id, &cgroup, &cgroup_error);

		if (result == 0)
			error = cgroup_error;
		/* The anchor that cgfence_fence_open() found none for is an error, unless the fence has ended since. */
		if (cgroup_result == -ENOENT && cgfence_standing_is_id(id) &&
		    fence_root_is_there(id))
			cgroup_result = -ENOLINK;
		if (result == 0 || cgroup_result == -ENOENT)
			result = cgroup_result;
	}
	/* It ended meanwhile, or its cgroup did. */
	if (result == -ENOENT)
		return;
	visit->visitor(&(struct cgfence_fence_visit){ .id = id,
						      .cgroup = cgroup,
						      .fence = result ? NULL : fence,
						      .error = result ? &error : NULL },
		       visit->context);
}

int cgfence_fence_visit_all(cgfence_fence_visitor *visitor, void *context,
			    struct cgfence_error *error)
{
	struct visit visit = { visitor, context, HIERARCHY_CLOSED };
	struct cgfence_error mount_error = { 0 };
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = cgfence_fence_list(&ids, &count, error);

	if (result)
		return result;
	if (count)
		result = hierarchy_open(&visit.hierarchy, &mount_error);
	if (result && result != -ENOENT) {
		if (error)
			*error = mount_error;
		return result;
	}
	for (size_t i = 0; i < count; i++)
		visit_fence(&visit, ids[i]);
	hierarchy_close(&visit.hierarchy);
	return 0;
}
