/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** cgroup_directory() - the absolute path of a cgroup; it lives as long as @cgroup. */
const char *cgroup_directory(const struct cgfence_cgroup *cgroup);

/** cgroup_is_root() - is this the root of the hierarchy? */
bool cgroup_is_root(const struct cgfence_cgroup *cgroup);

/** cgroup_read_id() - the id of the cgroup whose directory @fd is. Return: 0 or -errno. */
int cgroup_read_id(int fd, uint64_t *id);

/** cgroup_open_hierarchy() - a descriptor to find cgroups by id with; the caller closes it. */
int cgroup_open_hierarchy(int *hierarchy, struct cgfence_error *error);

/** cgroup_open_by_id() - open the directory of a cgroup. Return: a descriptor, or -1 with errno set. */
int cgroup_open_by_id(int hierarchy, uint64_t id);

/** cgroup_id_exists() - is there a cgroup with this id? If in doubt, yes. */
bool cgroup_id_exists(int hierarchy, uint64_t id);

static inline void cleanup_close_cgroup(struct cgfence_cgroup **cgroup)
{
	cgfence_cgroup_close(*cgroup);
}

#define cleanup_cgroup __attribute__((cleanup(cleanup_close_cgroup)))
