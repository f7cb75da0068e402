/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The id of a cgroup, which is that of its node in kernfs, and the way back from it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** cgroup_read_id() - the id of the cgroup whose directory @fd is. Return: 0 or -errno. */
int cgroup_read_id(int fd, uint64_t *id);

/**
 * cgroup_open_by_id() - open the directory of a cgroup.
 * @mount: descriptor of a directory in the cgroup2 mount
 * @flags: of open(2), beside O_DIRECTORY and O_CLOEXEC
 *
 * Return: a descriptor, -ENOENT if there is no such cgroup, another -errno.
 */
int cgroup_open_by_id(int mount, uint64_t id, int flags);

/** cgroup_is_removed() - is the directory @fd that of a cgroup that was removed? */
bool cgroup_is_removed(int fd);

/** cgroup_is_directory() - is the directory @fd in a cgroup2 file system? */
bool cgroup_is_directory(int fd);
