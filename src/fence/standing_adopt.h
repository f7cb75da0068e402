/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A standing fence takes the place of programs of others on its members. */
#pragma once

#include "fence/change.h"

/** standing_adopt_make() - fence_change_make() of a policy with "adopt" on a standing fence. */
int standing_adopt_make(struct fence_change *change, enum cgfence_attach_result *result,
			struct cgfence_error *error);

/**
 * standing_adopt_members() - cgfence_standing_adopt() of the members that are there. It yields.
 * @id: of the fence, whose lock is not held
 *
 * Those whose place it cannot take stay.
 */
void standing_adopt_members(uint64_t id);
