/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of a change that is about the members of a standing fence. For a fence on one cgroup it does nothing. */
#pragma once

#include "fence/change_state.h"

/**
 * standing_change_prepare() - make what decides membership, unless what is there does.
 * @change: its new image is compiled; the maps of its old fence receive those that the new programs use
 */
int standing_change_prepare(struct fence_change *change, struct cgfence_error *error);

struct cgfence_cgroup_layout;

/** standing_change_describe_cgroups() - where the kernel has what decides membership. Return: 0 or -ENOTSUP. */
int standing_change_describe_cgroups(struct cgfence_cgroup_layout *cgroup,
				     struct cgfence_error *error);

/** standing_change_begin() - let a new membership see what is made, and add what is there. Before links are touched. */
int standing_change_begin(const struct fence_change *change, struct cgfence_error *error);

/** standing_change_undo() - remove a new membership again, if there is one that the fence does not go by. */
void standing_change_undo(struct fence_change *change);

/** standing_change_finish() - the fence goes by the new one: remove what the links do not use any more. */
void standing_change_finish(struct fence_change *change);
