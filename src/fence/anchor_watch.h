/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notice of removed anchors, by inotify(7) on the cgroups above them: a removed cgroup itself has no event. */
#pragma once

#include <cgfence/cgfence.h>
#include <sys/inotify.h>

struct anchor_watch {
	uint64_t fence;
	uint64_t anchor;
	int watch;
	char *name; /* of the anchor there */
};

/* All zero is none. */
struct anchor_watches {
	struct anchor_watch *items;
	size_t count;
	size_t capacity;
};

/**
 * anchor_watches_update() - watch the anchors of all standing fences; attaches fences to another one if theirs is gone.
 * @inotify: the instance
 * @problem: receives why an anchor cannot be watched for want of room; left alone otherwise
 */
void anchor_watches_update(struct anchor_watches *watches, int inotify,
			   struct cgfence_error *problem);

/** anchor_watches_have() - is an event about the cgroup above an anchor? */
bool anchor_watches_have(const struct anchor_watches *watches, const struct inotify_event *event);

/** anchor_watches_lose() - does an event tell of the removal of an anchor? */
bool anchor_watches_lose(const struct anchor_watches *watches, const struct inotify_event *event);

/** anchor_watches_free() - free them; the watches end with their instance. */
void anchor_watches_free(struct anchor_watches *watches);
