/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Holders by /proc. */
#pragma once

#include "reconcile/holders.h"

/**
 * holders_walk() - the same from /proc/PID/task/TID/fd (proc(5)), for the tasks at and below one cgroup.
 * @inodes: of the sockets looked for, in ascending order, for /proc does not say which sockets listen
 * @list: receives the holders, after what is there; their fence_id and netns_inum are 0
 *
 * A descriptor or a task that vanishes meanwhile costs itself only.
 */
int holders_walk(const struct cgfence_cgroup *cgroup, const uint32_t *inodes, size_t inode_count,
		 struct holders *list, struct cgfence_error *error);
