/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "bench.h"

#include <sys/types.h>

/**
 * daemon_start() - start `cgfence watch`, and wait until it is ready.
 * @interval: such as "30s"
 *
 * Return: its pid, to be given to surroundings_reap(); -1 if it does not get ready, which has been said.
 */
pid_t daemon_start(struct bench *bench, const char *interval);

/** daemon_measure_idle() - count how often it wakes up when nothing happens. */
void daemon_measure_idle(struct bench *bench);
