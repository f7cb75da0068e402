/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A standing fence takes the place of programs of others on its members. */
#pragma once

#include "fence/change.h"

/**
 * standing_adopt_make() - fence_change_make() of a policy with "adopt" on a standing fence.
 *
 * It judges each member beside such programs before any is detached. Those whose place it cannot take stay.
 */
int standing_adopt_make(struct fence_change *change, enum cgfence_attach_result *result,
			struct cgfence_error *error);
