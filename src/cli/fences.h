/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop that status and denials share. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * fences_visit() - call a function for each fence.
 * @name: of the one cgroup that is meant, NULL for all
 * @visit: called with the cgroup, the fence and @context; fills in its last argument if it fails
 *
 * One fence that cannot be read is reported and does not hide the others.
 *
 * Return: exit status.
 */
int fences_visit(const char *name,
		 int (*visit)(const struct cgfence_cgroup *cgroup,
			      const struct cgfence_fence *fence, void *context,
			      struct cgfence_error *error),
		 void *context);
