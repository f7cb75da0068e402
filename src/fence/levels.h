/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the programs of a container are: on its cgroup, and on the one below it that crun makes for the processes. That is
 * called `container`, or what an annotation of the container says (owner_subgroup()).
 */
#pragma once

#include "kernel/adopted.h"

/**
 * levels_find() - adopted_find() on both.
 * @cgroup: descriptor of the container's directory
 * @found: receives the programs, to be given to adopted_release() also on failure
 */
int levels_find(int cgroup, uint64_t id, const char *path, struct adopted *found,
		struct cgfence_error *error);

/** levels_find_any() - adopted_find_any() on both. Return: 0 or -errno. */
int levels_find_any(int cgroup, uint64_t id, struct adopted *found);

/**
 * levels_root_id() - the id of the cgroup above such a one.
 * @cgroup: descriptor of its directory
 *
 * Return: 0 if there is none.
 */
uint64_t levels_root_id(int cgroup);
