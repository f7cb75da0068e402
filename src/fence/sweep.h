/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Removes the remains of removed cgroups and killed commands, as cgfence_fence_sweep() does, but at a small cost: with
 * more than FENCE_SWEEP_ALL fences it looks at FENCE_SWEEP_FEW of them on average, different ones each time. For commands
 * about one cgroup.
 */
#pragma once

#include "cgroup/hierarchy.h"

#define FENCE_SWEEP_ALL 64
#define FENCE_SWEEP_FEW 16

/** fence_sweep_is_needed() - is the directory of a fence of use? */
bool fence_sweep_is_needed(const struct hierarchy *hierarchy, uint64_t id);

/** fence_sweep_one() - remove the directory of a fence that holds nothing any more, unless another command works on it. */
void fence_sweep_one(const struct hierarchy *hierarchy, uint64_t id);

/** fence_sweep_if_removed() - the same if the cgroup of the fence is gone. */
void fence_sweep_if_removed(const struct hierarchy *hierarchy, uint64_t id);

/**
 * fence_sweep_each() - call @visit for the directories of all fences, or of a few if there are more than @max.
 * @cgroup: any, through which others are found; NULL to look for the mounts of cgroup2
 */
void fence_sweep_each(size_t max, const struct cgfence_cgroup *cgroup,
		      void (*visit)(const struct hierarchy *hierarchy, uint64_t id));

/**
 * fence_sweep_removed() - remove the pins of cgroups that are gone, as far as possible now.
 * @cgroup: as of fence_sweep_each()
 */
void fence_sweep_removed(const struct cgfence_cgroup *cgroup);

/** fence_sweep_thoroughly() - what cgfence_fence_sweep() does about one fence. */
void fence_sweep_thoroughly(const struct hierarchy *hierarchy, uint64_t id);

/** fence_sweep_shared() - the same about what is of no fence: places of those that are gone, shared maps, cgroups for trials. */
void fence_sweep_shared(void);
