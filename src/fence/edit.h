/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An edit of a fence together with what belongs to it. */
#pragma once

#include <cgfence/cgfence.h>

/* Done once it is certain that the policy can be edited, before it is in force. */
struct fence_edit_step {
	int (*make)(void *context, struct cgfence_error *error);
	void (*undo)(void *context,
		     struct cgfence_error *error); /* the edit has failed, as @error says */
	void *context;
};

/**
 * fence_edit_with() - cgfence_fence_edit() with a step before, under one lock.
 *
 * Return: 0, what the step returned, or -errno as cgfence_fence_edit(). The step is made also where the policy is right
 * already.
 */
int fence_edit_with(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *wanted,
		    const struct fence_edit_step *step, bool *changed, struct cgfence_error *error);
