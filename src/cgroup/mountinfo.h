/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>
#include <stdio.h>

/* A mounted cgroup2 file system, or a part of one. */
struct cgroup2_mount {
	/*
	 * The cgroup that is mounted, relative to the highest one that any mount shows: "/" for all there is to see.
	 * NULL if where it is below that one is not known, which happens in a cgroup namespace (cgroup_namespaces(7)).
	 */
	char *root;
	char *own_root; /* the same relative to the root of the own cgroup namespace, as mountinfo has it */
	char *point;  /* where, absolute */
	size_t order; /* of mounting; of two on one point the later one is on top */
};

/* Those that show more come first. */
struct cgroup2_mounts {
	struct cgroup2_mount *items;
	size_t count;
};

/**
 * mountinfo_parse() - find the cgroup2 mounts in a text such as /proc/self/mountinfo (proc(5)).
 * @mounts: receives them, to be given to cgroup2_mounts_release(); there may be none
 *
 * Return: 0 or -ENOMEM.
 */
int mountinfo_parse(FILE *file, struct cgroup2_mounts *mounts);

/**
 * mountinfo_read() - the same of this process, without mounts that something else is mounted on top of.
 *
 * Return: 0, -ENOENT if there is none, another -errno.
 */
int mountinfo_read(struct cgroup2_mounts *mounts, struct cgfence_error *error);

/** mountinfo_containing() - the innermost mount that has the absolute @path, NULL if none. */
const struct cgroup2_mount *mountinfo_containing(const struct cgroup2_mounts *mounts,
						 const char *path);

/**
 * mountinfo_find_cgroup2() - find one cgroup2 mount.
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

/**
 * cgroup2_mount_below_own() - the same for a name relative to the root of the own cgroup namespace.
 * @name: as /proc/PID/cgroup has it, with a component ".." for each level above that root
 *
 * Return: what follows the mount's point, NULL if the mount does not show it or does not tell.
 */
const char *cgroup2_mount_below_own(const struct cgroup2_mount *mount, const char *name);

/** cgroup2_mount_path() - the path of a cgroup that is at @directory; NULL if it is not known or out of memory. */
char *cgroup2_mount_path(const struct cgroup2_mount *mount, const char *directory);

/** cgroup2_mount_release() - free the strings. */
void cgroup2_mount_release(struct cgroup2_mount *mount);

/** cgroup2_mounts_release() - free all. */
void cgroup2_mounts_release(struct cgroup2_mounts *mounts);

#define cleanup_mount __attribute__((cleanup(cgroup2_mount_release)))
#define cleanup_mounts __attribute__((cleanup(cgroup2_mounts_release)))

/** path_below() - the rest of @path after @directory, "" if they are equal, NULL if @path is elsewhere. */
const char *path_below(const char *path, const char *directory);
