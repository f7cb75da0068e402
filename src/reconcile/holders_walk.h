/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds holders in /proc. */
#pragma once

#include "reconcile/holders.h"

/**
 * holders_walk() - find holders in /proc/PID/task/TID/fd (proc(5)), among the tasks in one cgroup and below.
 * @inodes: of the listening sockets, in ascending order, since /proc does not show which sockets listen
 * @list: gets the holders appended; their fence_id and netns_inum are 0
 *
 * A descriptor or a task that vanishes meanwhile is left out.
 */
int holders_walk(const struct cgfence_cgroup *cgroup, const uint32_t *inodes, size_t inode_count,
		 struct holders *list, struct cgfence_error *error);
