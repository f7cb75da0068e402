/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clock of the soak, by which the lives of excess listeners are told. */
#pragma once

#include "soak_shared.h"

/**
 * soak_keep_time() - in a process of its own: advance a clock of nanoseconds until it is told to stop.
 *
 * The clock is late by what the machine stood still, all of it or one of its processors, as virtual machines do: a daemon
 * that did not run then is not to blame.
 */
void soak_keep_time(struct soak *soak);

/** soak_now() - the clock of the soak. */
uint64_t soak_now(const struct soak *soak);

/** soak_note_life() - an excess listener was there for so long at least. */
void soak_note_life(struct soak *soak, uint64_t life);
