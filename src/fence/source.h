/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a fence remembers of its policy, through a change of the fence. */
#pragma once

#include "fence/change_state.h"

/** fence_source_prepare() - make what the new programs are to remember. */
int fence_source_prepare(struct fence_change *change, struct cgfence_error *error);

/**
 * fence_source_rewords() - is the wanted policy in force, and written otherwise?
 * @words: receives whether it differs in what depends on the host, or did; numbers mean the same, however they are written
 */
bool fence_source_rewords(const struct fence_change *change, bool *words);
