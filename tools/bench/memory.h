/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel holds for a fence. */
#pragma once

#include "bench.h"

#include <cgfence/cgfence.h>

/**
 * memory_of_fence() - bytes: the memlock figures that the kernel shows of the fence's programs and maps (those of
 * bpftool), but for the ring buffer that all fences share, and the machine code, which they leave out.
 */
double memory_of_fence(struct bench *bench, const struct cgfence_cgroup *cgroup);

/** memory_has_lsm_guard() - do fences of this kernel have the LSM guard? */
bool memory_has_lsm_guard(const struct cgfence_cgroup *cgroup);

/** memory_policy_map() - id of the map with the policy of a fence of devices. */
uint32_t memory_policy_map(struct bench *bench, const struct cgfence_cgroup *cgroup);
