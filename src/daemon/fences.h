/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences that a watch knows, to find changes and to name those that are gone. */
#pragma once

#include <cgfence/cgfence.h>

/* So many that are gone are remembered. */
#define WATCH_FENCES_GONE 1024

/* What lines of one fence were printed of late. */
struct watch_pace {
	uint64_t since_ns;
	size_t printed;
	size_t omitted;
};

struct watch_fence {
	uint64_t id;
	char *path; /* of its cgroup; NULL if that cannot be known */
	char *name; /* that its policy had when it was seen first; NULL if none */
	struct watch_pace pace;
};

struct watch_fences {
	struct watch_fence *items; /* by ascending id */
	size_t count;
	struct watch_fence gone[WATCH_FENCES_GONE]; /* the next to make room is at @next_gone */
	size_t next_gone;
};

/** A callback for a fence that was attached or detached. */
typedef void watch_fences_change(const char *path, bool fenced, void *context);

/**
 * watch_fences_update() - compare with the fences that there are now.
 * @ids: theirs, in ascending order
 * @change: called for each fence that is new or gone; may be NULL
 */
int watch_fences_update(struct watch_fences *fences, const uint64_t *ids, size_t count,
			watch_fences_change *change, void *context, struct cgfence_error *error);

/** watch_fences_find() - the fence on a cgroup; NULL if it is not known, or gone. */
struct watch_fence *watch_fences_find(struct watch_fences *fences, uint64_t id);

/** watch_fences_find_gone() - the same of those that are gone. */
struct watch_fence *watch_fences_find_gone(struct watch_fences *fences, uint64_t id);

/** watch_fences_member_path() - the path of a member of a standing fence, to be given to free(); NULL if not known. */
char *watch_fences_member_path(uint64_t id, uint64_t member);

/** watch_fences_free() - free the list. */
void watch_fences_free(struct watch_fences *fences);
