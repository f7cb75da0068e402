/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pattern of a path, each component a pattern of a name (glob(7)) or a plain name. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * cgroup_pattern_normalise() - write a pattern as a path from the root of the hierarchy.
 * @name: below a cgroup2 mount or relative to the cgroup2 root, like the name of a cgroup
 * @path: receives the path with a leading slash and no other needless one, to be given to free()
 *
 * Return: 0, -EINVAL if it names the root or has a component ".." or a name that is too long, another -errno.
 */
int cgroup_pattern_normalise(const char *name, char **path, struct cgfence_error *error);

/**
 * cgroup_pattern_open_anchor() - open the deepest cgroup above that a pattern names plainly and that is there.
 *
 * A slice with a dash in its name is none, and so no cgroup below it is: systemd removes it with its last unit.
 *
 * @path: normalised
 * @anchor: receives the cgroup, to be given to cgfence_cgroup_close()
 * @components: receives how many components of @path are below it, at least 1
 *
 * Return: 0, -ENOTSUP in a cgroup namespace below the root, another -errno.
 */
int cgroup_pattern_open_anchor(const char *path, struct cgfence_cgroup **anchor,
			       uint32_t *components, struct cgfence_error *error);

/** cgroup_pattern_depth() - how many components a normalised path has. */
uint32_t cgroup_pattern_depth(const char *path);

/** cgroup_pattern_tail() - the last components of a normalised path, without a leading slash. */
const char *cgroup_pattern_tail(const char *path, uint32_t components);

/** cgroup_pattern_is_all_stars() - does every component match every name? */
bool cgroup_pattern_is_all_stars(const char *path);
