/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence/programs.h"

/**
 * fence_guard_may_deny() - does the kernel take the guard that denies? The first command of a boot tries it, before it
 * loads programs that cannot be shared for the sake of that guard. In doubt, yes.
 */
bool fence_guard_may_deny(const struct cgfence_image *image);

/**
 * fence_guard_choose() - find the strongest listen guard that the running kernel takes, by trying.
 * @set: its image receives the guard and is put into the policy map; the programs of the guard are loaded
 */
int fence_guard_choose(struct fence_programs *set, struct fence_maps *maps,
		       struct cgfence_error *error);
