// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opens a fence, and repairs it first if a command died while it changed it, or its anchor is gone. */
#include "cgroup/cgroup.h"
#include "fence/anchor.h"
#include "fence/change.h"
#include "fence/detach.h"
#include "fence/fence.h"

#include <errno.h>

/* Completes the newest policy, since a caller may already rely on it. */
static void repair(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct fence_change change = { .id = id, .keeps_netns = true };
	enum cgfence_attach_result result;

	if (fence_anchor_open(id, NULL, &cgroup, &change.components, NULL))
		return;
	change.cgroup = cgroup;
	if (fence_change_begin(&change, NULL) == 0 && change.old.torn && change.old_policy) {
		change.policy = change.old_policy;
		change.flags = fence_change_kept_flags(&change);
		fence_change_make(&change, &result, NULL);
	}
	fence_change_end(&change);
}

int cgfence_fence_open(uint64_t id, struct cgfence_fence **fence, struct cgfence_error *error)
{
	struct cgfence_fence *found = NULL;
	int result;

	fence_detach_finish(id);
	result = fence_read(id, &found, error);
	if (result == 0 && fence_is_torn(found)) {
		cgfence_fence_close(found);
		repair(id);
		result = fence_read(id, &found, error);
	}
	if (result == -ENOENT)
		fence_detach_unfenced(id);
	if (result == 0)
		*fence = found;
	return result;
}
