/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fence in the place of the device programs of others. */
#pragma once

#include "fence/change.h"

/**
 * fence_adopt_make() - fence_change_make() of a policy with "adopt".
 * @taken: receives how many programs the fence has taken the place of now
 *
 * Programs on the fence root, and on the cgroup `container` below it as crun has it, are detached once the fence is in
 * force, and kept. Before anything changes, the kernel is asked whether they and the policy agree; where the fence is
 * an adopted one already and they have come back, whether they are as before.
 */
int fence_adopt_make(struct fence_change *change, enum cgfence_attach_result *result, size_t *taken,
		     struct cgfence_error *error);

/**
 * fence_adopt_prove() - before fence_change_begin(), ask the kernel what fence_adopt_make() would have to ask.
 *
 * Return: 0, -EPERM if policy and programs do not agree, another -errno.
 */
int fence_adopt_prove(struct fence_change *change, struct cgfence_error *error);

/** fence_adopt_undo() - fence_change_make() of a policy without it, on a fence that may have taken the place of programs. */
int fence_adopt_undo(struct fence_change *change, enum cgfence_attach_result *result,
		     struct cgfence_error *error);
