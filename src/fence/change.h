/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A change of the programs on a cgroup, by any command. */
#pragma once

#include "fence/change_state.h"

/**
 * fence_change_begin() - wait for other commands on the cgroup, finish the work of a killed one, and read the present
 * state.
 * @change: what it is about is set; to be given to fence_change_end() also on failure
 */
int fence_change_begin(struct fence_change *change, struct cgfence_error *error);

/**
 * fence_change_make() - put the policy in force.
 *
 * All steps that need memory, rights or kernel features come before the first link is touched. Then it makes new links
 * and switches present ones to the new programs; it removes links that the new policy does not need last. If the
 * command dies on the way, the fence enforces no less than the old one.
 */
int fence_change_make(struct fence_change *change, enum cgfence_attach_result *result,
		      struct cgfence_error *error);

/** fence_change_kept_flags() - the flags of the present fence, which are of its life and not of its policy. */
unsigned int fence_change_kept_flags(const struct fence_change *change);

/** fence_change_end() - free everything and release the lock. */
void fence_change_end(struct fence_change *change);

/** fence_change_refuse_unfenced() - the error for a cgroup without a fence. Return: -ENOENT, -EBUSY if one is hidden. */
int fence_change_refuse_unfenced(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);
