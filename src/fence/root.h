/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cgroup/hierarchy.h"

/** fence_root_id() - the cgroup to which the programs of a fence are attached; 0 if it is a standing fence without any. */
uint64_t fence_root_id(uint64_t id);

/** fence_root_is_there() - has a fence any link? Also one on a cgroup that is gone, if it is a standing fence. */
bool fence_root_is_there(uint64_t id);

/** fence_root_open() - hierarchy_open_any() of that cgroup. Return: 0, -ENOENT if it is gone, another -errno. */
int fence_root_open(const struct hierarchy *hierarchy, uint64_t id, struct cgfence_cgroup **cgroup,
		    struct cgfence_error *error);
