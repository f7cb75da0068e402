/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way to the files of a process, for as long as it lives. */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>
#include <sys/types.h>

struct entrance {
	int process; /* /proc/PID, which no later process of that number can take */
	int root;    /* its root directory */
	int mounts;  /* its mount namespace */
	bool of_user_namespace; /* that belongs to another user namespace: no node opens on what is mounted there */
	bool is_ours; /* mount namespace and root directory are those of this process */
};

#define ENTRANCE_NONE                                   \
	{                                               \
		.process = -1, .root = -1, .mounts = -1 \
	}

/**
 * entrance_open() - open what leads to the files of a process.
 * @entrance: ENTRANCE_NONE; to be given to entrance_close() also on failure
 *
 * The process may be another by now that has taken the number: look for the number where it was found again, and then ask
 * entrance_is_open().
 *
 * Return: 0, -ESRCH if there is no such process, another -errno.
 */
int entrance_open(pid_t pid, struct entrance *entrance, struct cgfence_error *error);

/** entrance_is_open() - does the process live? */
bool entrance_is_open(const struct entrance *entrance);

/** entrance_close() - close the descriptors. */
void entrance_close(struct entrance *entrance);

#define cleanup_entrance __attribute__((cleanup(entrance_close)))
