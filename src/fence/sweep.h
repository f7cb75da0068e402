/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Removes the remains of removed cgroups and killed commands, as cgfence_fence_sweep() does, but at a small cost: with
 * more than FENCE_SWEEP_ALL fences it looks at FENCE_SWEEP_FEW of them, different ones each time. For commands about
 * one cgroup.
 */
#pragma once

#define FENCE_SWEEP_ALL 64
#define FENCE_SWEEP_FEW 16

/** fence_sweep_removed() - remove the pins of cgroups that are gone, as far as possible now. */
void fence_sweep_removed(void);
