/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cgroup/mountinfo.h"

/* Opening a cgroup by the directory that shows it. */

/**
 * cgroup_open_absolute() - open the cgroup at a directory.
 * @directory: absolute; symbolic links are followed
 * @cgroup: receives it, to be given to cgfence_cgroup_close()
 *
 * Return: 0, -EXDEV without a message if it is in no cgroup2 mount, another -errno.
 */
int cgroup_open_absolute(const char *directory, struct cgfence_cgroup **cgroup,
			 struct cgfence_error *error);

/** cgroup_open_directory() - the same, but no cgroup2 mount is an -ENOENT with a message. */
int cgroup_open_directory(const char *directory, struct cgfence_cgroup **cgroup,
			  struct cgfence_error *error);

/**
 * cgroup_open_below() - the same for a directory in a mount, without reading the mounts once more.
 * @mount: one of @mounts
 * @below: relative to the point of @mount
 */
int cgroup_open_below(const struct cgroup2_mounts *mounts, const struct cgroup2_mount *mount,
		      const char *below, struct cgfence_cgroup **cgroup,
		      struct cgfence_error *error);
