/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a test or a benchmark works: a bpffs, a tmpfs and a cgroup of its own, which leave nothing. Without Criterion. */
#pragma once

#include <cgfence/cgfence.h>

struct stage {
	char directory[64]; /* path of the tmpfs */
	struct cgfence_cgroup *cgroup;
};

/**
 * stage_open() - go to a new mount namespace, and make the rest.
 * @name: begins the names of the directory and of the cgroup
 *
 * Return: 0 or -errno; call stage_close() in both cases.
 */
int stage_open(struct stage *stage, const char *name, struct cgfence_error *error);

/** stage_close() - end the processes in the cgroup, and remove all. Return: 0 or -errno. */
int stage_close(struct stage *stage, struct cgfence_error *error);

/**
 * stage_run() - run a function in a child on a stage, and remove all.
 * @name: as for stage_open()
 * @function: its return value becomes the exit status; its children have to stay in the cgroup of the stage
 *
 * Another process than the caller opens and closes the stage, so that nothing stays even if the caller is killed.
 * SIGINT, SIGTERM and SIGHUP, which end the function, stay blocked in the caller.
 *
 * Return: exit status, 128 + N if signal N ended the function or was to end the caller.
 */
int stage_run(const char *name, int (*function)(const struct stage *stage));
