/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A change of what is attached to a cgroup, whatever command makes it. */
#pragma once

#include "fence/present.h"
#include "fence/programs.h"

struct fence_change {
	const struct cgfence_cgroup *cgroup;
	const struct cgfence_policy *policy; /* what shall be; set before fence_change_make() */
	unsigned int flags;		     /* enum cgfence_attach_flags */
	bool keeps_netns; /* of the fence that is there; else it is that of this process */

	/* What is there, from fence_change_begin(). */
	struct fence_present old;
	struct cgfence_policy *old_policy; /* NULL if there is none that this version can read */

	struct fence_programs new;
	int lock;
};

/**
 * fence_change_begin() - wait for other commands on the cgroup, finish what a killed one left, and read what is there.
 * @change: its cgroup is set; to be given to fence_change_end() also on failure
 */
int fence_change_begin(struct fence_change *change, struct cgfence_error *error);

/**
 * fence_change_make() - put the policy in force.
 *
 * Everything that can fail for want of memory, rights or kernel features comes before the first link is touched. Then
 * new links are made, present ones are switched to the new programs, and those that the new policy has no use for go
 * last, so that a death on the way leaves a fence that enforces no less than the old one.
 */
int fence_change_make(struct fence_change *change, enum cgfence_attach_result *result,
		      struct cgfence_error *error);

/** fence_change_end() - free everything and let other commands in. */
void fence_change_end(struct fence_change *change);

/** fence_change_refuse_unfenced() - say that there is no fence to change. Return: -ENOENT. */
int fence_change_refuse_unfenced(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);
