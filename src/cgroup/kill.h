/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/* Long enough for processes that can be killed. */
#define CGROUP_KILL_MS 2000

/**
 * cgroup_kill() - kill every process in a cgroup and in those below it, and wait until they are gone.
 * @wait_ms: how long to wait at most; 0 kills and does not wait
 *
 * A process that a freezer of cgroup v1 has frozen, or that is in an uninterruptible sleep, dies only after that.
 *
 * Return: 0 once the cgroup is empty or gone, -EBUSY if processes outlived SIGKILL for so long, -EPERM if this process is
 * one of them or the cgroup is the root.
 */
int cgroup_kill(const struct cgfence_cgroup *cgroup, unsigned int wait_ms,
		struct cgfence_error *error);

/** cgroup_is_populated() - is there a process in a cgroup or below it? If in doubt, yes. */
bool cgroup_is_populated(const struct cgfence_cgroup *cgroup);
