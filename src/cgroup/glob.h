/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups by a pattern, as policies name them. */
#pragma once

#include "cgroup/cgroup.h"

/** cgroup_is_glob() - does a name contain '*', '?' or '['? */
bool cgroup_is_glob(const char *name);

/** cgroup_glob_fits() - does a component of a pattern match the name of a cgroup? */
bool cgroup_glob_fits(const char *component, const char *name);

/** A function that is given a cgroup that matches. Return: 0, else a code that ends the search. */
typedef int cgroup_glob_match(const struct cgfence_cgroup *cgroup, void *context);

/**
 * cgroup_glob() - find the cgroups that a pattern matches, component by component (glob(7)).
 * @pattern: below a cgroup2 mount or relative to the cgroup2 root, like a name; a backslash has no special meaning,
 * since names of systemd contain many
 * @match: called for each, in no order
 *
 * It yields (base/yield.h).
 *
 * Return: 0, also if nothing matches; the code of @match; another -errno.
 */
int cgroup_glob(const char *pattern, cgroup_glob_match *match, void *context,
		struct cgfence_error *error);

/**
 * A function that is given a directory in which a cgroup may appear that a name needs.
 * @directory: its absolute path
 * @component: what matches the name of the cgroup there
 *
 * Return: 0, else a code that ends the search.
 */
typedef int cgroup_glob_place(const char *directory, const char *component, void *context);

/**
 * cgroup_glob_places() - find the existing directories in which cgroups that a name needs may appear.
 * @name: as for cgroup_glob(), or a plain name
 * @place: called for each, before what is below it is looked at
 *
 * Of system.slice/web-*.service these are the root, for system.slice, and system.slice, for web-*.service. It yields
 * (base/yield.h).
 */
int cgroup_glob_places(const char *name, cgroup_glob_place *place, void *context,
		       struct cgfence_error *error);

struct cgroup2_mount;

/**
 * cgroup_glob_find_mount() - the mount where a pattern begins: that which it is below, or the one that shows the most.
 * @mount: receives the mount, to be given to cgroup2_mount_release()
 * @below: receives what of @pattern is below it
 */
int cgroup_glob_find_mount(const char *pattern, struct cgroup2_mount *mount, const char **below,
			   struct cgfence_error *error);
