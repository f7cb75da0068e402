/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence/change_state.h"

/**
 * sharing_take() - take the programs of another fence, if they are what this change is to load.
 * @donor: id of the other fence, of which nothing is known
 * @packed: what the new programs are to remember (policy/memory.h)
 *
 * The kernel, and not a name, tells whether they are: policy, maps and what was written are compared.
 */
bool sharing_take(struct fence_change *change, uint64_t donor, const char *packed);
