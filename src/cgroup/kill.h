/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * cgroup_kill() - kill every process in a cgroup and in those below it, and wait until they are gone.
 *
 * Return: 0 once the cgroup is empty or gone, -EBUSY if processes outlived SIGKILL for two seconds, -EPERM if this
 * process is one of them or the cgroup is the root.
 */
int cgroup_kill(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);

/** cgroup_is_populated() - is there a process in a cgroup or below it? If in doubt, yes. */
bool cgroup_is_populated(const struct cgfence_cgroup *cgroup);
