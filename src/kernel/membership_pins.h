/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pins in the directory of a standing fence that tell of its places (kernel/membership.h): each is made before the
 * place is taken, and removed when that is free.
 */
#pragma once

#include "kernel/pins.h"

/** membership_pin_path() - the path of the pin of a place. */
void membership_pin_path(char path[PINS_PATH_SIZE], uint64_t id, uint32_t place);

/** membership_has_others() - has a fence other such pins than that of a place? */
bool membership_has_others(uint64_t id, uint32_t place);

/** membership_remove() - free a place of a fence, whose lock is held, and remove its pin. */
void membership_remove(uint64_t id, uint32_t place);

/** membership_remove_others() - all but that of a place. */
void membership_remove_others(uint64_t id, uint32_t place);

/** membership_remove_all() - all of them; @detaching: in the directory of a fence that is being detached. */
void membership_remove_all(uint64_t id, bool detaching);
