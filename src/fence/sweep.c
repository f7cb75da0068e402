// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Removes the remains of removed cgroups and killed commands. */
#include "fence/sweep.h"
#include "base/cleanup.h"
#include "base/yield.h"
#include "fence/detach.h"
#include "fence/root.h"
#include "cgroup/hierarchy.h"
#include "kernel/pins.h"

#include <sys/random.h>

/* A standing fence outlives its anchor, and gets another one (fence/open.c). */
static bool is_standing(uint64_t id)
{
	return id & CGFENCE_STANDING_ID && fence_root_is_there(id);
}

/*
 * Asks cgroupfs too whether the cgroup is gone: its links show that only once the last socket made in it is closed
 * (cgroup_bpf_release, kernel/bpf/cgroup.c).
 */
bool fence_sweep_is_needed(const struct hierarchy *hierarchy, uint64_t id)
{
	uint64_t root = fence_root_id(id);

	return is_standing(id) ||
	       (root && hierarchy_has(hierarchy, root) && fence_root_is_there(id));
}

/* Removes the directory of a fence that holds nothing any more, unless another command works on it. */
void fence_sweep_one(const struct hierarchy *hierarchy, uint64_t id)
{
	int lock;

	if (pins_try_lock(id, &lock))
		return;
	if (fence_sweep_is_needed(hierarchy, id))
		pins_unlock(id, lock);
	else
		fence_detach_remains(id, lock, NULL);
}

void fence_sweep_if_removed(const struct hierarchy *hierarchy, uint64_t id)
{
	uint64_t root = fence_root_id(id);

	if ((!root || !hierarchy_has(hierarchy, root)) && !is_standing(id))
		fence_sweep_one(hierarchy, id);
}

static uint32_t anywhere(void)
{
	uint32_t number = 0;

	/* If it fails it is always the same ones; commands that list all fences sweep all. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return 0;
	return number;
}

void fence_sweep_each(size_t max, const struct cgfence_cgroup *cgroup,
		      void (*visit)(const struct hierarchy *hierarchy, uint64_t id))
{
	/* Whether a cgroup is there, any directory of the file system tells. */
	const struct hierarchy known = { .fd = cgroup ? cgfence_cgroup_fd(cgroup) : -1 };
	cleanup_hierarchy struct hierarchy opened = HIERARCHY_CLOSED;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;

	if (pins_list_some(max, FENCE_SWEEP_FEW, anywhere(), &ids, &count) || count == 0 ||
	    (!cgroup && hierarchy_open(&opened, NULL)))
		return;
	for (size_t i = 0; i < count; i++) {
		yield_now();
		visit(cgroup ? &known : &opened, ids[i]);
	}
}

void fence_sweep_removed(const struct cgfence_cgroup *cgroup)
{
	fence_sweep_each(FENCE_SWEEP_ALL, cgroup, fence_sweep_if_removed);
}
