/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds policies that name one cgroup in the same way, as far as the names show it. */
#pragma once

#include "cgroup/mountinfo.h"
#include "policy/policy.h"

struct named_policy {
	const char *origin; /* the file */
	const char *cgroup; /* of conflicts_normalise(); NULL if the policy names none */
	/* An earlier one that names the same cgroup, NULL if there is none; set by conflicts_find(). */
	const struct named_policy *conflict;
};

/**
 * conflicts_normalise() - the same text for all names that are known to mean the same cgroup.
 * @name: a path below a mount or relative to the cgroup2 root, a pattern of either, or "pid:N"
 * @mount: the mount that @name is below, NULL if there is none
 *
 * Return: a path relative to the root, with a leading slash, to be given to free(); NULL if out of memory.
 */
char *conflicts_normalise(const char *name, const struct cgroup2_mount *mount);

/** conflicts_find() - find all conflicts of some policies. Return: 0 or -ENOMEM. */
int conflicts_find(struct named_policy *policies, size_t count);

/** conflicts_refuse() - report that two policies name a cgroup in the same way. Return: -EINVAL. */
int conflicts_refuse(const char *origin, const char *other_origin, const char *cgroup,
		     struct cgfence_error *error);
