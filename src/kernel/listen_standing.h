/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose members the program knows that sees who listens; with its lock held. */
#pragma once

#include "kernel/pins.h"

#include <cgfence/abi.h>

#define LISTEN_STANDING_PATH PINS_ROOT "/listen_standing"
#define LISTEN_MEMBERS_PATH PINS_ROOT "/listen_members"

/** listen_standing_set() - tell it of the members of a standing fence. @members: their map */
int listen_standing_set(const struct cgfence_image *image, int members,
			struct cgfence_error *error);

/** listen_standing_is_set() - does it know them? */
bool listen_standing_is_set(const struct cgfence_image *image, int members);

/** listen_standing_clear() - make it forget a standing fence. */
void listen_standing_clear(uint64_t id);
