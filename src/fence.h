/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** fence_denials_map() - the descriptor of the map of denials, which the snapshot owns. */
int fence_denials_map(const struct cgfence_fence *fence);

static inline void cleanup_close_fence(struct cgfence_fence **fence)
{
	cgfence_fence_close(*fence);
}

#define cleanup_fence __attribute__((cleanup(cleanup_close_fence)))
