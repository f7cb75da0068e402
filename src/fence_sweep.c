// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Taking away what removed cgroups and killed commands left behind. */
#include "fence_sweep.h"
#include "cgroup.h"
#include "cgroup_kill.h"
#include "cleanup.h"
#include "fence.h"
#include "fence_detach.h"
#include "kill_trace.h"
#include "link.h"
#include "pins.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

static bool has_link(uint64_t id)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		cleanup_link struct link link = LINK_CLOSED;

		if (link_open(id, &hooks[i], &link, NULL) == 0)
			return true;
	}
	return false;
}

/*
 * Removes the directory of a fence that holds nothing any more, unless another command is at it. Whether the cgroup is
 * gone is asked of cgroupfs too: its links say so only once the last socket made in it is closed (cgroup_bpf_release,
 * kernel/bpf/cgroup.c).
 */
static void sweep(int hierarchy, uint64_t id)
{
	int lock;

	if (pins_try_lock(id, &lock))
		return;
	if (!cgroup_id_exists(hierarchy, id) || !has_link(id)) {
		for (int i = HOOK_COUNT - 1; i >= 0; i--)
			link_remove(id, &hooks[i], NULL);
		kill_trace_clear(id);
	}
	pins_unlock(id, lock);
}

/* Who runs a command in an ephemeral cgroup holds a lock on its directory for as long. */
static bool is_abandoned(const struct cgfence_cgroup *cgroup)
{
	if (cgroup_is_populated(cgroup))
		return false;
	return flock(cgfence_cgroup_fd(cgroup), LOCK_EX | LOCK_NB) == 0;
}

static void sweep_ephemeral(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (fence_read(id, &fence, NULL) || !cgfence_fence_ephemeral(fence) ||
	    cgfence_cgroup_open_id(id, &cgroup, NULL) || !is_abandoned(cgroup))
		return;
	cgfence_cgroup_remove(cgroup, NULL);
}

/* Calls @visit for each directory of a fence. */
static void for_each_id(void (*visit)(int hierarchy, uint64_t id))
{
	cleanup_free uint64_t *ids = NULL;
	cleanup_close int hierarchy = -1;
	size_t count = 0;

	if (pins_list(&ids, &count, NULL) || count == 0 || cgroup_open_hierarchy(&hierarchy, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		visit(hierarchy, ids[i]);
}

static void sweep_if_removed(int hierarchy, uint64_t id)
{
	if (!cgroup_id_exists(hierarchy, id))
		sweep(hierarchy, id);
}

static void sweep_thoroughly(int hierarchy, uint64_t id)
{
	sweep_ephemeral(id);
	sweep(hierarchy, id);
}

void fence_sweep_removed(void)
{
	for_each_id(sweep_if_removed);
}

void cgfence_fence_sweep(void)
{
	fence_detach_finish_all();
	for_each_id(sweep_thoroughly);
}
