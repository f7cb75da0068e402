/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What kinds of cgroups hold processes: cgroup.type (Documentation/admin-guide/cgroup-v2.rst, "Threads"). */
#pragma once

#include <cgfence/error.h>

#define CGROUP_TYPE_SIZE 32

/** cgroup_type_read() - of the directory @cgroup, the content of cgroup.type, such as "domain threaded"; "" if it cannot be read. */
void cgroup_type_read(int cgroup, char type[CGROUP_TYPE_SIZE]);

/**
 * cgroup_type_admit() - let a new cgroup hold processes.
 *
 * Below a thread root or a threaded cgroup a new one is "domain invalid" and holds none. It becomes "threaded": its
 * processes stay in the domain of its parent, as far as resources go.
 *
 * Return: 0, or -errno with the type that is in the way.
 */
int cgroup_type_admit(int cgroup, struct cgfence_error *error);
