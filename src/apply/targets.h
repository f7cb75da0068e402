/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "apply/world.h"

/**
 * apply_find_targets() - find the cgroups that the sources name.
 * @world: receives targets, also on failure, and the names that are not there
 *
 * It yields (base/yield.h).
 */
int apply_find_targets(struct apply_world *world, struct cgfence_error *error);

/** apply_world_release() - free the targets and the fences. */
void apply_world_release(struct apply_world *world);
