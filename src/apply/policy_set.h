/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "apply/memory.h"

#include <cgfence/apply.h>

/* A policy of a file. */
struct apply_source {
	char *origin; /* the file */
	struct cgfence_policy *policy;
	char *text;   /* the policy, normalised; NULL if it cannot be resolved */
	char *cgroup; /* as the policy names it */
	bool is_glob;
	char *except; /* taken from the policy, for fences on cgroups have none; NULL where there are standing fences */
	struct cgfence_error *error; /* why it cannot be resolved now; NULL if it can */
};

struct cgfence_policy_set {
	struct apply_source *sources;
	size_t count;
	struct apply_memory *memory; /* of the fences that have these policies */
};
