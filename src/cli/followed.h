/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences whose denials are followed, and their new denials. */
#pragma once

#include <cgfence/standing.h>

struct followed_fence {
	uint64_t id;
	char *name; /* the path of its cgroup, or "id:N" */
	bool shown; /* some mount shows the cgroup, so the name is a path */
	struct cgfence_fence *fence;
	struct cgfence_counters counters; /* at the last read of the records */
	bool is_behind;			  /* a record may be written after it is counted */
	struct cgfence_member_denial *records;
	size_t count;
};

struct followed {
	uint64_t only;		       /* the fence to follow; 0 for all */
	uint64_t cgroup;	       /* or all that judge this cgroup by themselves; 0 for none */
	struct followed_fence *fences; /* in ascending order of their ids */
	size_t count;
};

/** followed_refresh() - list the fences again, and keep the known records of those that stay. */
int followed_refresh(struct followed *followed, struct cgfence_error *error);

/** A denial that is new or was repeated. */
struct followed_denial {
	const struct followed_fence *fence;
	struct cgfence_member_denial denial;
};

/**
 * followed_read() - the denials since the last call, by the time of the last refusal.
 * @denials: receives an array to be given to free(); its fences live until the next refresh
 *
 * A fence that cannot be read does not hide the others; the first such failure is returned.
 */
int followed_read(struct followed *followed, struct followed_denial **denials, size_t *count,
		  struct cgfence_error *error);

/** followed_release() - close everything. */
void followed_release(struct followed *followed);
