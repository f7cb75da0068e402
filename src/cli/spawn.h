/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * spawn_and_wait() - run a command in a cgroup from its first instruction, and wait for it.
 * @cgroup: where
 * @command: words, ended by NULL; the first is looked for in PATH
 * @exit_status: receives what the command exited with, 128 + N for signal N, or 126 or 127 as env(1)
 *
 * Signals that are sent to this process go on to the command; the terminal's reach it by themselves. The command dies
 * with this process.
 *
 * Return: 0, or -errno if no process could be made.
 */
int spawn_and_wait(const struct cgfence_cgroup *cgroup, char *const *command, int *exit_status,
		   struct cgfence_error *error);
