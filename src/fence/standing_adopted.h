/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs of others on the members of a standing fence whose place it has taken, beside fence/adopted.h. Those of
 * members that are gone are kept for a while: they tell the programs of the next member that are like them.
 */
#pragma once

#include <cgfence/cgfence.h>

/**
 * standing_adopted_settle() - fence_adopted_settle() of a standing fence.
 * @members: its map; -1 if that is not to be had, when all are attached and stay pinned
 *
 * Those of a cgroup that is no member any more are given back for good.
 */
int standing_adopted_settle(uint64_t id, bool in_force, int members, struct cgfence_error *error);

/** standing_adopted_forget() - of those whose cgroups are gone, keep the latest of each kind, and few of them. */
void standing_adopted_forget(uint64_t id);
