/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of a change that moves a standing fence to another anchor. For other changes it does nothing. */
#pragma once

#include "fence/change_state.h"

/** fence_move_clear() - remove what a killed command left of one. */
void fence_move_clear(uint64_t id);

/** fence_move_has() - is the present link of a hook on another cgroup than the one of the change? */
bool fence_move_has(const struct fence_change *change, int hook);

/**
 * fence_move_begin() - make the links on the new anchor, beside the present ones; on failure it removes those it made.
 *
 * Present links stay, since they alone hold the policy if the command dies.
 */
int fence_move_begin(const struct fence_change *change, struct cgfence_error *error);

/** fence_move_undo() - remove them. */
void fence_move_undo(const struct fence_change *change);

/** fence_move_finish() - put them in place of the present ones. What is left undone makes the fence torn. */
int fence_move_finish(const struct fence_change *change, struct cgfence_error *error);
