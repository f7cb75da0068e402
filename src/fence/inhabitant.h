/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process whose files stand for those of a cgroup. */
#pragma once

#include "runtime/entrance.h"

#include <cgfence/cgfence.h>

/**
 * inhabitant_open() - open the files of the first process of a container or service.
 * @entrance: ENTRANCE_NONE; to be given to entrance_close() also on failure
 *
 * It is the one that the state of the container's runtime names, else the oldest: what a hostile process makes later does
 * not come before it.
 *
 * Return: 0, -ESRCH if the cgroup and those below it have no process, another -errno.
 */
int inhabitant_open(const struct cgfence_cgroup *cgroup, struct entrance *entrance,
		    struct cgfence_error *error);
