/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/** fence_sweep_removed() - remove the pins of cgroups that are gone. What cannot be removed now is left. */
void fence_sweep_removed(void);
