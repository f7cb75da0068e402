/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a run happens: mount and network namespaces, a bpffs, a tmpfs and a cgroup of its own. */
#pragma once

#include <limits.h>

struct cgfence_cgroup;

struct stage {
	char directory[64];
	char work[PATH_MAX]; /* the cgroup that suites use, in the one that is removed at the end */
	struct cgfence_cgroup *cgroup;
	struct cgfence_cgroup *own; /* of the processes of the benchmark itself */
};

/** stage_open() - make it all. Return: 0, or -1 after a message. */
int stage_open(struct stage *stage);

/**
 * stage_run() - run a function in a child on the stage; what it starts cannot leave it.
 * @function: its return value becomes the exit status
 *
 * Return: exit status, 128 + N if signal N ended it or this process.
 */
int stage_run(const struct stage *stage, int (*function)(void *argument), void *argument);

/** stage_close() - end and remove all that is left. Return: 0, or -1 after a message. */
int stage_close(struct stage *stage);
