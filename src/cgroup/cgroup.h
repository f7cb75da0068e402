/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** cgroup_directory() - the absolute path of a cgroup; it lives as long as @cgroup. */
const char *cgroup_directory(const struct cgfence_cgroup *cgroup);

/**
 * cgroup_can_appear() - can a cgroup of this name appear that is not there?
 *
 * Not one that is named by a process or an id, and none that is written as a path in a hierarchy of cgroup v1, or
 * below /sys/fs/cgroup and no mount of cgroup2.
 */
bool cgroup_can_appear(const char *name);

/** cgroup_check_appears() - cgroup_can_appear(), with the reason. Return: 0, -EINVAL, -ENOENT, another -errno. */
int cgroup_check_appears(const char *name, struct cgfence_error *error);

/**
 * cgroup_path_length() - the length of the part of its path that names the cgroup @above levels up, at most the root.
 */
int cgroup_path_length(const struct cgfence_cgroup *cgroup, unsigned int above);

/** cgroup_level() - how many cgroups are above it. */
uint32_t cgroup_level(const struct cgfence_cgroup *cgroup);

/**
 * cgroup_wrap() - make a handle of an open directory.
 * @fd: taken over, also on failure
 * @directory: its absolute path
 * @path: what cgfence_cgroup_path() is to say
 * @cgroup: receives the cgroup, to be given to cgfence_cgroup_close()
 */
int cgroup_wrap(int fd, const char *directory, const char *path, struct cgfence_cgroup **cgroup,
		struct cgfence_error *error);

static inline void cleanup_close_cgroup(struct cgfence_cgroup **cgroup)
{
	cgfence_cgroup_close(*cgroup);
}

#define cleanup_cgroup __attribute__((cleanup(cleanup_close_cgroup)))
