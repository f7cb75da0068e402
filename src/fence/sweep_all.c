// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What commands clean up beside their work: remains, abandoned cgroups, and standing fences whose anchor is gone. */
#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/kill.h"
#include "fence/detach.h"
#include "fence/fence.h"
#include "fence/root.h"
#include "fence/sweep.h"
#include "kernel/pins.h"

#include <sys/file.h>

/* `run` holds a lock on the directory of its ephemeral cgroup until the command ends. */
static bool is_abandoned(const struct cgfence_cgroup *cgroup)
{
	if (cgroup_is_populated(cgroup))
		return false;
	return flock(cgfence_cgroup_fd(cgroup), LOCK_EX | LOCK_NB) == 0;
}

/* Few fences are marked, so few are read. */
static void sweep_ephemeral(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (!pins_may_be_ephemeral(id) || fence_read(id, &fence, NULL) ||
	    !cgfence_fence_ephemeral(fence) ||
	    hierarchy_open_cgroup(hierarchy, id, &cgroup, NULL) || !is_abandoned(cgroup) ||
	    cgfence_cgroup_remove(cgroup, NULL))
		return;
	fence_sweep_one(hierarchy, id);
}

/* Opening a standing fence without an anchor attaches it to another one. */
static void anchor_again(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	uint64_t root;

	if (!(id & CGFENCE_STANDING_ID))
		return;
	root = fence_root_id(id);
	if ((!root || !hierarchy_has(hierarchy, root)) && fence_root_is_there(id))
		cgfence_fence_open(id, &fence, NULL);
}

static void sweep_if_abandoned(const struct hierarchy *hierarchy, uint64_t id)
{
	fence_sweep_if_removed(hierarchy, id);
	sweep_ephemeral(hierarchy, id);
	anchor_again(hierarchy, id);
}

static void sweep_thoroughly(const struct hierarchy *hierarchy, uint64_t id)
{
	sweep_ephemeral(hierarchy, id);
	if (!fence_sweep_is_needed(hierarchy, id))
		fence_sweep_one(hierarchy, id);
	anchor_again(hierarchy, id);
}

void cgfence_fence_sweep_some(void)
{
	fence_sweep_each(FENCE_SWEEP_ALL, sweep_if_abandoned);
}

void cgfence_fence_sweep(void)
{
	fence_detach_finish_all();
	fence_sweep_each(SIZE_MAX, sweep_thoroughly);
}
