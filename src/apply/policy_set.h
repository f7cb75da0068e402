/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/apply.h>

/* A policy of a file. */
struct apply_source {
	char *origin; /* the file */
	struct cgfence_policy *policy;
	char *text;   /* the policy, normalised */
	char *cgroup; /* as the policy names it */
	bool is_glob;
};

struct cgfence_policy_set {
	struct apply_source *sources;
	size_t count;
};
