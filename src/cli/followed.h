/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences whose denials are followed, and what of these is new. */
#pragma once

#include <cgfence/cgfence.h>

struct followed_fence {
	uint64_t id;
	char *name; /* the path of its cgroup, or "id:N" */
	bool shown; /* some mount shows the cgroup, so that the name is a path */
	struct cgfence_fence *fence;
	struct cgfence_counters counters; /* when its records were read last */
	bool is_behind;			  /* a record may be written after it is counted */
	struct cgfence_denial_record *records;
	size_t count;
};

struct followed {
	uint64_t only;		       /* the fence to follow; 0 for all */
	struct followed_fence *fences; /* in ascending order of their ids */
	size_t count;
};

/** followed_refresh() - find the fences anew; what is known of those that stay is kept. */
int followed_refresh(struct followed *followed, struct cgfence_error *error);

/** A denial that is new, or was repeated. */
struct followed_denial {
	const struct followed_fence *fence;
	struct cgfence_denial_record record;
};

/**
 * followed_read() - what was refused since the last call, oldest last refusal first.
 * @denials: receives an array to be given to free(); it is about fences that live until the next refresh
 *
 * One fence that cannot be read does not hide the others; the first such failure is returned.
 */
int followed_read(struct followed *followed, struct followed_denial **denials, size_t *count,
		  struct cgfence_error *error);

/** followed_release() - close everything. */
void followed_release(struct followed *followed);
