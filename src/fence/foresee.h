/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a fence could not be attached, as far as that is known without attaching it. */
#pragma once

#include "fence/change_state.h"

/**
 * fence_foresee_attach() - refuse what is refused before anything of a fence on one cgroup is touched.
 * @change: receives what was proved of the programs whose place the fence is to take
 *
 * Return: 0, -EINVAL, -EPERM, -EAGAIN and -ETIMEDOUT as cgfence_fence_attach(), another -errno.
 */
int fence_foresee_attach(struct fence_change *change, struct cgfence_error *error);

/**
 * fence_foresee_hooks() - refuse what programs of others on the hooks of a fence would not let in.
 *
 * The hooks of a listen guard are not among them, which are chosen by trying.
 *
 * Return: 0, -EPERM or -E2BIG with the program, the cgroup and the remedy, another -errno.
 */
int fence_foresee_hooks(const struct fence_change *change, struct cgfence_error *error);
