/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a fence remembers of its policy, through a change of the fence. */
#pragma once

#include "fence/change_state.h"

/** fence_source_prepare() - make what the new programs are to remember. */
int fence_source_prepare(struct fence_change *change, struct cgfence_error *error);

/** fence_source_rewords() - is the wanted policy in force, and written otherwise? */
bool fence_source_rewords(const struct fence_change *change);
