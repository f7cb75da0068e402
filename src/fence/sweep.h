/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Taking away what removed cgroups and killed commands left behind, at a cost that does not show: where there are more
 * than FENCE_SWEEP_ALL fences, FENCE_SWEEP_FEW of them are looked at, other ones each time.
 */
#pragma once

#define FENCE_SWEEP_ALL 64
#define FENCE_SWEEP_FEW 16

/** fence_sweep_removed() - remove the pins of cgroups that are gone. What cannot be removed now is left. */
void fence_sweep_removed(void);
