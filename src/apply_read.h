/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading what is desired: policies, and the cgroups that they name. */
#pragma once

#include "apply_plan.h"

/**
 * apply_read_sources() - read a policy file, or all of a directory in the order of their names.
 * @world: receives sources, also on failure those read so far
 */
int apply_read_sources(const char *path, struct apply_world *world, struct cgfence_error *error);

/** apply_find_targets() - find the cgroups that the sources name; @world receives targets, also on failure. */
int apply_find_targets(struct apply_world *world, struct cgfence_error *error);

/** apply_world_release() - free everything. */
void apply_world_release(struct apply_world *world);
