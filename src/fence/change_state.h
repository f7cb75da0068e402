/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence/present.h"
#include "fence/programs.h"
#include "fence/proved.h"

/* A change of the programs on a cgroup, by any command, as far as it has come. */
struct fence_change {
	uint64_t id;			     /* of the fence */
	const struct cgfence_cgroup *cgroup; /* where its programs are attached */
	/* Of a standing fence, filled in from the present one if it is not set; NULL for a fence on that cgroup. */
	const char *pattern;
	uint32_t components; /* of the pattern, below the cgroup; set with it (fence/anchor.h) */
	const struct cgfence_policy *policy; /* the wanted policy; set before fence_change_make() */
	unsigned int flags;		     /* enum cgfence_attach_flags */
	bool keeps_netns;	    /* of the present fence; otherwise that of this process */
	struct foreproof foreproof; /* for programs of others */

	/* The present state, from fence_change_begin(). */
	struct fence_present old;
	char *old_pattern;
	struct cgfence_policy *old_policy; /* NULL if there is none that this version can read */

	uint64_t digest; /* of a policy whose programs others may share; 0 for none */
	bool alone;	 /* what others found out about the kernel does not hold any more */
	bool unshared;	 /* programs that could be shared were not to be had */
	bool rewords;	 /* the policy in force stays, and is written otherwise */
	struct fence_programs new;
	struct membership membership; /* a new one; closed if the present one is kept */
	int lock;
};
