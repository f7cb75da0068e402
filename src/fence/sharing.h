/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fence on one cgroup that runs the programs of others whose policy is equal, or that others may so share. */
#pragma once

#include "fence/change_state.h"

/**
 * fence_sharing_prepare() - decide whether the programs of a change may be shared, and take those of another fence.
 * @change: its new image is compiled; the maps of its old fence receive those that the new programs use
 * @taken: receives whether nothing is left to load
 *
 * Where that is not possible, for whatever reason, the fence gets programs of its own.
 */
int fence_sharing_prepare(struct fence_change *change, bool *taken, struct cgfence_error *error);

/** fence_sharing_give_up() - is it the sharing that the kernel does not take? @result: of loading the programs */
bool fence_sharing_give_up(struct fence_change *change, int result);

/** fence_sharing_begin() - write what is of a new fence alone. Before its links are made. */
int fence_sharing_begin(const struct fence_change *change, struct cgfence_error *error);

/** fence_sharing_undo() - remove what was made for a fence that has not come to be. */
void fence_sharing_undo(const struct fence_change *change);

/** fence_sharing_finish() - have others find the programs. */
void fence_sharing_finish(const struct fence_change *change);

/** fence_sharing_leave() - remove what a fence had beside its links. @detaching: as in sharers_leave() */
void fence_sharing_leave(uint64_t id, bool detaching);
