/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence/change_state.h"

/** fence_same_is_in_force() - would the policy and the programs that were prepared for a change alter nothing? */
bool fence_same_is_in_force(const struct fence_change *change);
