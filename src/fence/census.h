/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All fences as they were seen at once, for code that looks at them at each interval. */
#pragma once

#include "cgroup/places.h"
#include "kernel/hook.h"
#include "kernel/links_seen.h"

#include <cgfence/watch.h>

/* The evidence that nothing changed in a fence, and the data that is needed of it meanwhile. */
struct fence_seen {
	uint64_t id;
	uint64_t mark; /* of fence_mark() */
	/* Whose link is asked, one that judges ports if the fence has any; NULL if there is no link. */
	const struct hook *hook;
	struct cgfence_link_seen link; /* what it runs and on what; 0 if that is not known */
};

struct cgfence_census {
	struct fence_seen *fences; /* by ascending id */
	size_t count;
	uint64_t *ids; /* of those that have a link */
	size_t id_count;
	struct cgroup_places places; /* of their cgroups, and of what else its users look for */
	struct links_seen links;
};

struct fence_mark_of {
	uint64_t id;
	uint64_t mark;
};

/**
 * census_marks() - all fences and their marks.
 * @census: as it was taken last; NULL to look now
 * @marks: receives an array by ascending id, to be given to free()
 */
int census_marks(const struct cgfence_census *census, struct fence_mark_of **marks, size_t *count,
		 struct cgfence_error *error);

/** fence_see() - look at one fence, closely. */
void fence_see(uint64_t id, struct fence_seen *seen);

/** fence_seen_ports() - does it fence ports? */
bool fence_seen_ports(const struct fence_seen *seen);
