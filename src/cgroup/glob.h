/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups by a pattern, as policies name them. */
#pragma once

#include <cgfence/cgfence.h>

/** cgroup_is_glob() - does a name contain '*', '?' or '['? */
bool cgroup_is_glob(const char *name);

/**
 * cgroup_glob() - the cgroups that a pattern matches, component by component (glob(7)).
 * @pattern: below a cgroup2 mount or relative to the cgroup2 root, like a name; a backslash has no special meaning,
 * since names of systemd contain many
 * @directories: receives absolute paths, each and the array to be given to free(); none if nothing matches
 */
int cgroup_glob(const char *pattern, char ***directories, size_t *count,
		struct cgfence_error *error);

/**
 * cgroup_glob_parents() - the existing directories in which cgroups that a name needs may appear.
 * @name: as for cgroup_glob(), or a plain name
 * @directories: receives absolute paths
 *
 * Of system.slice/web-*.service these are the root and system.slice.
 */
int cgroup_glob_parents(const char *name, char ***directories, size_t *count,
			struct cgfence_error *error);

/** cgroup_glob_free() - free what cgroup_glob() gave. */
void cgroup_glob_free(char **directories, size_t count);
