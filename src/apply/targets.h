/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "apply/world.h"

/**
 * apply_find_targets() - find the cgroups that the sources name.
 * @world: receives targets, also on failure
 * @missing_ok: a cgroup that is named plainly need not exist
 */
int apply_find_targets(struct apply_world *world, bool missing_ok, struct cgfence_error *error);

/** apply_world_release() - free the targets and the fences. */
void apply_world_release(struct apply_world *world);
