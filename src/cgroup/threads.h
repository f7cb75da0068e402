/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * A function that is called with the id of a thread and that of its cgroup. Return: 0 to go on, -errno to stop.
 */
typedef int cgroup_thread_visitor(uint64_t cgroup_id, uint32_t thread, void *context);

/**
 * cgroup_for_each_thread() - visit the threads in a cgroup and in those below it (cgroup.threads).
 *
 * Cgroups and threads may come and go meanwhile; it visits those that stay. It needs as many descriptors for any depth,
 * and yields (yield_now()) before each thread and each cgroup.
 *
 * Return: 0 or -errno.
 */
int cgroup_for_each_thread(const struct cgfence_cgroup *cgroup, cgroup_thread_visitor *visit,
			   void *context);

/** cgroup_for_each_thread_until() - the same, but no longer than to a time of boot_time_ns(). Return: -ETIMEDOUT then. */
int cgroup_for_each_thread_until(const struct cgfence_cgroup *cgroup, uint64_t until_ns,
				 cgroup_thread_visitor *visit, void *context);
