/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** struct spawn_options - all zero: the usual. */
struct spawn_options {
	void (*tick)(
		void *context); /* called at least every 50 ms while the command runs; may be NULL */
	void *context;
	bool output_to_errors; /* what the command prints goes to standard error */
	bool *executed;	       /* receives whether the command could be executed; may be NULL */
};

/**
 * spawn_and_wait() - run a command in a cgroup from its first instruction, and wait for it.
 * @cgroup: the cgroup to start it in
 * @command: words, ended by NULL; the first is looked up in PATH
 * @options: NULL for the usual
 * @exit_status: receives the exit status of the command, 128 + N for signal N, or 126 or 127 as env(1)
 *
 * Signals to this process are forwarded to the command; those of the terminal reach it directly. The command dies with
 * this process. Variables of a service manager that name this process name the command instead. A complaint is printed
 * for processes of the command that leave @cgroup.
 *
 * Return: 0, or -errno if no process could be started.
 */
int spawn_and_wait(const struct cgfence_cgroup *cgroup, char *const *command,
		   const struct spawn_options *options, int *exit_status,
		   struct cgfence_error *error);
