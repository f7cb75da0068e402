/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The input of a plan: the cgroups that policies name and the fences that exist. */
#pragma once

#include "apply/policy_set.h"

/* A cgroup that a policy names, or the standing fence that it becomes. */
struct apply_target {
	uint64_t id;
	char *path; /* the pattern of a standing fence */
	bool is_root;
	size_t source; /* index */
	bool standing;
};

/* A cgroup that a policy names plainly and that does not exist, or cannot be opened. */
struct apply_missing {
	size_t source; /* index */
	struct cgfence_error error;
};

/* A fence that exists. */
struct apply_fence {
	uint64_t id;
	char *path;	   /* NULL if it is a target */
	char *text;	   /* its policy, normalised; NULL if it cannot be read, or is known */
	const char *known; /* that of a source, which its policy is known to equal; else NULL */
	char *words;	   /* how it was written; NULL if it has no words, or is known */
	bool torn;	   /* half changed by a killed command */
	bool ephemeral;	   /* of a cgroup that was made for one command and ends with it */
};

/* The input of a plan. Steps borrow its strings. */
struct apply_world {
	const struct apply_source *sources; /* borrowed */
	size_t source_count;
	struct apply_target *targets;
	size_t target_count;
	size_t target_capacity;
	struct apply_missing *missing; /* in ascending order of sources */
	size_t missing_count;
	struct apply_fence *fences; /* in ascending order of ids */
	size_t fence_count;
};
