/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** fence_detach_finish() - take away what a command left that died while it took the fence of a cgroup away. */
void fence_detach_finish(uint64_t id);

/**
 * fence_detach_remains() - take away what is no fence: pins of a cgroup that is gone, or what a command left that died, or
 * failed, before it made the first link.
 * @lock: of the fence, which is given back
 */
int fence_detach_remains(uint64_t id, int lock, struct cgfence_error *error);

/** fence_detach_unfenced() - the same if there is no fence, unless another command is at it. */
void fence_detach_unfenced(uint64_t id);

/** fence_detach_finish_all() - fence_detach_finish() for all cgroups. */
void fence_detach_finish_all(void);
