/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the ports stays when the policy of a fence changes. */
#pragma once

#include "fence/change_state.h"

/** ports_kept_take_over() - take it over into the new image. @change: the present image fences ports */
void ports_kept_take_over(struct fence_change *change);
