/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>
#include <stdio.h>

/* A mounted cgroup2 file system, or a part of one. */
struct cgroup2_mount {
	char *root;  /* the cgroup that is mounted, "/" for the whole hierarchy */
	char *point; /* where, absolute */
};

/**
 * mountinfo_find_cgroup2() - find a cgroup2 mount in /proc/self/mountinfo (proc(5)).
 * @path: an absolute path that the mount must contain, or NULL for the mount that shows the most
 * @mount: receives the mount, to be given to cgroup2_mount_release()
 *
 * Return: 0, -ENOENT if there is none, another -errno.
 */
int mountinfo_find_cgroup2(const char *path, struct cgroup2_mount *mount,
			   struct cgfence_error *error);

/**
 * mountinfo_read_cgroup2() - the same from a file that is open, without a message.
 *
 * Return: 0, -ENOENT or -ENOMEM.
 */
int mountinfo_read_cgroup2(FILE *file, const char *path, struct cgroup2_mount *mount);

/**
 * cgroup2_mount_below() - the place of a cgroup in a mount.
 * @name: relative to the root of the hierarchy, with or without a leading slash
 * @below: receives what follows the mount's point, without a leading slash; a part of @name
 *
 * Return: 0, -ENOENT if the mount does not show that part of the hierarchy.
 */
int cgroup2_mount_below(const struct cgroup2_mount *mount, const char *name, const char **below,
			struct cgfence_error *error);

/** cgroup2_mount_release() - free the strings. */
void cgroup2_mount_release(struct cgroup2_mount *mount);

#define cleanup_mount __attribute__((cleanup(cgroup2_mount_release)))

/** path_below() - the rest of @path after @directory, "" if they are equal, NULL if @path is elsewhere. */
const char *path_below(const char *path, const char *directory);
