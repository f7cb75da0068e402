/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence/present.h"
#include "runtime/setup.h"

/**
 * fence_setup_refuse() - refuse a change that would put a first program on the device hook of a cgroup in which a
 * container runtime is setting up its container.
 * @policy: the wanted one
 * @flags: enum cgfence_attach_flags
 * @old: what the cgroup has before the change; NULL if nothing
 *
 * Return: 0, -EAGAIN if the runtime began a moment ago, -ETIMEDOUT if it takes long.
 */
int fence_setup_refuse(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		       unsigned int flags, const struct fence_present *old,
		       struct cgfence_error *error);

/** fence_setup_find() - setup_find() in a cgroup, by a runtime that is outside of it. */
bool fence_setup_find(const struct cgfence_cgroup *cgroup, struct setup *setup);
