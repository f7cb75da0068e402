/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds holders in /proc. */
#pragma once

#include "reconcile/holders.h"

/* A socket whose holders are wanted. /proc shows the inode, and the cookie identifies it. */
struct wanted_socket {
	uint32_t inode;
	uint64_t cookie;
};

/** wanted_sockets_sort() - sort them for holders_walk(). */
void wanted_sockets_sort(struct wanted_socket *wanted, size_t count);

/**
 * holders_walk() - find holders in /proc/PID/task/TID/fd (proc(5)), among the tasks in one cgroup and below.
 * @wanted: the listening sockets, sorted, since /proc does not show which sockets listen
 * @list: gets the holders appended; their fence_id and netns_inum are 0
 *
 * A descriptor or a task that vanishes meanwhile is left out. One that cannot be looked at, as for want of descriptors, is
 * a failure, with everything else in @list.
 *
 * Return: 0; -EOPNOTSUPP if something can be seen only by the iterator, with everything else in @list; another -errno.
 */
int holders_walk(const struct cgfence_cgroup *cgroup, const struct wanted_socket *wanted,
		 size_t wanted_count, struct holders *list, struct cgfence_error *error);
