/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys that say what a policy is for, where a policy alone shows that no fence can be made for it. */
#pragma once

#include "policy/policy.h"

/** named_refuse_except() - refuse exceptions of a policy whose cgroup is no pattern. Return: 0, or -EINVAL if it has any. */
int named_refuse_except(const char *origin, const struct cgfence_policy *policy,
			struct cgfence_error *error);

/**
 * named_refuse_cgroup() - refuse a cgroup that applying refuses as invalid: the root, and what is no name.
 * @policy: one that names a cgroup
 * @path: of conflicts_normalise()
 * @offline: which cgroup of this host is meant does not count
 *
 * What cannot be looked up is not refused. Return: 0 or -EINVAL.
 */
int named_refuse_cgroup(const char *origin, const struct cgfence_policy *policy, const char *path,
			bool offline, struct cgfence_error *error);
