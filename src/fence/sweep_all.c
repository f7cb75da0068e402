// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What commands clean up beside their work: remains, abandoned cgroups, and standing fences whose anchor is gone. */
#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/kill.h"
#include "cgroup/scratch.h"
#include "fence/detach.h"
#include "fence/fence.h"
#include "fence/root.h"
#include "fence/sweep.h"
#include "kernel/member_host.h"
#include "kernel/member_programs.h"
#include "kernel/own.h"
#include "kernel/pins.h"

#include <sys/file.h>

/* A command that makes a cgroup or a fence for itself alone holds a lock on the directory of the cgroup until it ends. */
static bool is_abandoned(const struct cgfence_cgroup *cgroup)
{
	return flock(cgfence_cgroup_fd(cgroup), LOCK_EX | LOCK_NB) == 0;
}

static void sweep_ephemeral(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (hierarchy_open_cgroup(hierarchy, id, &cgroup, NULL) || cgroup_is_populated(cgroup) ||
	    !is_abandoned(cgroup) || cgfence_cgroup_remove(cgroup, NULL))
		return;
	fence_sweep_one(hierarchy, id);
}

static void sweep_learning(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *root = NULL;
	bool detached;

	if (fence_root_open(hierarchy, id, &root, NULL) == 0 && is_abandoned(root))
		cgfence_fence_detach(id, &detached, NULL);
}

/* Few fences are marked, so few are read. */
static void sweep_passing(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	if (!pins_may_be_passing(id) || fence_read(id, &fence, NULL))
		return;
	if (cgfence_fence_ephemeral(fence))
		sweep_ephemeral(hierarchy, id);
	else if (fence_learns(fence))
		sweep_learning(hierarchy, id);
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
	sweep_passing(hierarchy, id);
	anchor_again(hierarchy, id);
}

void fence_sweep_thoroughly(const struct hierarchy *hierarchy, uint64_t id)
{
	sweep_passing(hierarchy, id);
	if (!fence_sweep_is_needed(hierarchy, id))
		fence_sweep_one(hierarchy, id);
	anchor_again(hierarchy, id);
}

void fence_sweep_shared(void)
{
	member_host_sweep();
	member_programs_leave();
	own_leave_host();
	scratch_sweep();
}

void cgfence_fence_sweep_some(void)
{
	fence_sweep_each(FENCE_SWEEP_ALL, NULL, sweep_if_abandoned);
}

void cgfence_fence_sweep(void)
{
	fence_detach_finish_all();
	fence_sweep_each(SIZE_MAX, NULL, fence_sweep_thoroughly);
	fence_sweep_shared();
}
