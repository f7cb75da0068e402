/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs of others between a fence and their owner. At each instant they are attached, or a fence that decides for them
 * is: a fence is attached before they are detached, and detached after they are attached again. So whatever a killed
 * command leaves, both or one of the two are there, and the pins tell which programs these are.
 */
#pragma once

#include <cgfence/cgfence.h>

/**
 * fence_adopted_settle() - finish or undo the work of a command that died between them.
 * @id: of the fence, whose lock is held
 * @in_force: a fence of it decides for them, so they are detached; otherwise they are given back for good
 */
int fence_adopted_settle(uint64_t id, bool in_force, struct cgfence_error *error);

/** fence_adopted_give_back() - attach them again, all or none; they stay pinned. */
int fence_adopted_give_back(uint64_t id, struct cgfence_error *error);

/** fence_adopted_give_back_detaching() - the same for a fence that is being detached. */
int fence_adopted_give_back_detaching(uint64_t id, struct cgfence_error *error);

/** fence_adopted_is_unsettled() - are some attached beside a fence that decides for them? */
bool fence_adopted_is_unsettled(uint64_t id);
