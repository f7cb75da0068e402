/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences that a watch knows, to find changes. */
#pragma once

#include <cgfence/cgfence.h>

struct watch_fences {
	uint64_t *ids; /* in ascending order */
	char **paths;  /* of the cgroups */
	size_t count;
};

/** A callback for a fence that was attached or detached. */
typedef void watch_fences_change(const char *path, bool fenced, void *context);

/**
 * watch_fences_update() - read the fences from the kernel and compare.
 * @change: called for each fence that is new or gone; may be NULL
 */
int watch_fences_update(struct watch_fences *fences, watch_fences_change *change, void *context,
			struct cgfence_error *error);

/** watch_fences_free() - free the list. */
void watch_fences_free(struct watch_fences *fences);
