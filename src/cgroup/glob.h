/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups by a pattern, as policies name them. */
#pragma once

#include <cgfence/cgfence.h>

/** cgroup_is_glob() - does a name have '*', '?' or '[' in it? */
bool cgroup_is_glob(const char *name);

/**
 * cgroup_glob() - the cgroups that a pattern matches, component by component (glob(7)).
 * @pattern: under a cgroup2 mount or relative to the cgroup2 root, like a name; a backslash is nothing special, for the
 *	names that systemd gives are full of them
 * @directories: receives absolute paths, each and the array to be given to free(); none if nothing matches
 */
int cgroup_glob(const char *pattern, char ***directories, size_t *count,
		struct cgfence_error *error);

/**
 * cgroup_glob_parents() - the directories, as far as they are there, in which cgroups may appear that a name needs.
 * @name: as for cgroup_glob(), or a plain name
 * @directories: receives absolute paths
 *
 * Of system.slice/web-*.service these are the root and system.slice.
 */
int cgroup_glob_parents(const char *name, char ***directories, size_t *count,
			struct cgfence_error *error);

/** cgroup_glob_free() - free what cgroup_glob() gave. */
void cgroup_glob_free(char **directories, size_t count);
