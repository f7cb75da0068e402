// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Removes the remains of removed cgroups and killed commands. */
#include "fence/sweep.h"
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/cleanup.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "fence/detach.h"
#include "fence/root.h"
#include "cgroup/hierarchy.h"
#include "kernel/link.h"
#include "kernel/pins.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

static bool has_link(uint64_t id)
{
	for (int i = 0; i < hook_count; i++) {
		if (link_is_there(id, &hooks[i]))
			return true;
	}
	return false;
}

/*
 * Asks cgroupfs too whether the cgroup is gone: its links show that only once the last socket made in it is closed
 * (cgroup_bpf_release, kernel/bpf/cgroup.c).
 */
static bool is_needed(const struct hierarchy *hierarchy, uint64_t id)
{
	uint64_t root = fence_root_id(id);

	return root && hierarchy_has(hierarchy, root) && has_link(id);
}

/* Removes the directory of a fence that holds nothing any more, unless another command works on it. */
static void sweep(const struct hierarchy *hierarchy, uint64_t id)
{
	int lock;

	if (pins_try_lock(id, &lock))
		return;
	if (is_needed(hierarchy, id))
		pins_unlock(id, lock);
	else
		fence_detach_remains(id, lock, NULL);
}

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
	sweep(hierarchy, id);
}

static void sweep_if_removed(const struct hierarchy *hierarchy, uint64_t id)
{
	uint64_t root = fence_root_id(id);

	if (!root || !hierarchy_has(hierarchy, root))
		sweep(hierarchy, id);
}

static void sweep_if_abandoned(const struct hierarchy *hierarchy, uint64_t id)
{
	sweep_if_removed(hierarchy, id);
	sweep_ephemeral(hierarchy, id);
}

static void sweep_thoroughly(const struct hierarchy *hierarchy, uint64_t id)
{
	sweep_ephemeral(hierarchy, id);
	if (!is_needed(hierarchy, id))
		sweep(hierarchy, id);
}

static size_t anywhere(size_t count)
{
	size_t number = 0;

	/* If it fails it is always the same ones; commands that list all fences sweep all. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return 0;
	return number % count;
}

/* Calls @visit for the directories of all fences, or of a few if there are more than @max. */
static void for_each_id(size_t max, void (*visit)(const struct hierarchy *hierarchy, uint64_t id))
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	size_t first = 0;
	size_t visits;

	if (pins_list(&ids, &count, NULL) || count == 0 || hierarchy_open(&hierarchy, NULL))
		return;
	visits = count;
	if (count > max) {
		first = anywhere(count);
		visits = FENCE_SWEEP_FEW;
	}
	for (size_t i = 0; i < visits; i++) {
		yield_now();
		visit(&hierarchy, ids[(first + i) % count]);
	}
}

void fence_sweep_removed(void)
{
	for_each_id(FENCE_SWEEP_ALL, sweep_if_removed);
}

void cgfence_fence_sweep_some(void)
{
	for_each_id(FENCE_SWEEP_ALL, sweep_if_abandoned);
}

void cgfence_fence_sweep(void)
{
	fence_detach_finish_all();
	for_each_id(SIZE_MAX, sweep_thoroughly);
}
