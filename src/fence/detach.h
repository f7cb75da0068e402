/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** fence_detach_finish() - finish the work of a command that died while it detached the fence of a cgroup. */
void fence_detach_finish(uint64_t id);

/**
 * fence_detach_remains() - remove pins that are no fence: those of a removed cgroup, or of a command that died or
 * failed before it made the first link.
 * @lock: of the fence; released
 */
int fence_detach_remains(uint64_t id, int lock, struct cgfence_error *error);

/** fence_detach_unfenced() - the same if there is no fence, unless another command works on it. */
void fence_detach_unfenced(uint64_t id);

/** fence_detach_finish_all() - fence_detach_finish() for all cgroups. */
void fence_detach_finish_all(void);
