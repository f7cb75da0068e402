/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cleanup attributes for handles of the library: they free a variable when it goes out of scope. */
#pragma once

#include <cgfence/cgfence.h>

static inline void handles_free_policy(struct cgfence_policy **policy)
{
	cgfence_policy_free(*policy);
}

static inline void handles_free_edit(struct cgfence_edit **edit)
{
	cgfence_edit_free(*edit);
}

static inline void handles_close_cgroup(struct cgfence_cgroup **cgroup)
{
	cgfence_cgroup_close(*cgroup);
}

static inline void handles_close_fence(struct cgfence_fence **fence)
{
	cgfence_fence_close(*fence);
}

#define cleanup_policy __attribute__((cleanup(handles_free_policy)))
#define cleanup_edit __attribute__((cleanup(handles_free_edit)))
#define cleanup_cgroup __attribute__((cleanup(handles_close_cgroup)))
#define cleanup_fence __attribute__((cleanup(handles_close_fence)))
