/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs of a fence and their policy, before they are linked. */
#pragma once

#include "kernel/hook.h"
#include "kernel/layout.h"
#include "kernel/maps.h"

/* The programs to attach. */
struct fence_programs {
	struct cgfence_image *image; /* the content of the policy map */
	int programs[HOOKS_MAX];     /* by hook; -1 where the policy wants none */
	int source;  /* the map of the policy as it was written; -1 if that is not known */
	int refused; /* the hook at whose program the last load failed; -1 if none did */
	bool reads;  /* programs may read kernel memory, as far as is known */
	bool knows_layout;
	struct kernel_layout layout; /* if known */
};

/** fence_programs_init() - nothing is loaded yet. */
void fence_programs_init(struct fence_programs *set);

/** fence_programs_release() - close the programs and free the image. */
void fence_programs_release(struct fence_programs *set);

/** fence_programs_create_policy_map() - put the image into a new map, and close the programs of the old one. */
int fence_programs_create_policy_map(struct fence_programs *set, struct fence_maps *maps,
				     struct cgfence_error *error);

/**
 * fence_programs_load_wanted() - load the programs that the image wants.
 * @guards: true for the listen guards, false for all others
 * @maps: all open
 */
int fence_programs_load_wanted(struct fence_programs *set, bool guards, struct fence_maps *maps,
			       struct cgfence_error *error);
