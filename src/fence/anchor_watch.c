// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/anchor_watch.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/inotify.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "fence/fence.h"
#include "fence/root.h"
#include "kernel/pins.h"

#include <string.h>

/* A new anchor may be gone again by the time it is watched. */
#define TRIES 3

static struct anchor_watch *find(const struct anchor_watches *watches, uint64_t fence)
{
	for (size_t i = 0; i < watches->count; i++) {
		if (watches->items[i].fence == fence)
			return &watches->items[i];
	}
	return NULL;
}

static bool is_used(const struct anchor_watches *watches, int watch)
{
	for (size_t i = 0; i < watches->count; i++) {
		if (watches->items[i].watch == watch)
			return true;
	}
	return false;
}

static void drop(struct anchor_watches *watches, struct anchor_watch *item, int inotify)
{
	int watch = item->watch;

	free(item->name);
	*item = watches->items[--watches->count];
	if (!is_used(watches, watch))
		inotify_rm_watch(inotify, watch);
}

static void add(struct anchor_watches *watches, const struct anchor_watch *item)
{
	struct anchor_watch *larger = array_with_room(watches->items, watches->count,
						      &watches->capacity, sizeof(*larger));

	if (!larger) {
		free(item->name);
		return;
	}
	watches->items = larger;
	larger[watches->count++] = *item;
}

/* The root of the hierarchy is not removed. Where no mount shows the anchor, the interval of the watch must do. */
static void follow(struct anchor_watches *watches, const struct hierarchy *hierarchy,
		   uint64_t fence, uint64_t anchor, int inotify, struct cgfence_error *problem)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct anchor_watch item = { .fence = fence, .anchor = anchor };
	struct cgfence_error reason = { 0 };
	cleanup_free char *directory = NULL;
	char *slash;

	if (hierarchy_open_cgroup(hierarchy, anchor, &cgroup, NULL) ||
	    cgfence_cgroup_is_root(cgroup))
		return;
	directory = strdup(cgroup_directory(cgroup));
	slash = directory ? strrchr(directory, '/') : NULL;
	if (!slash)
		return;
	item.name = strdup(slash + 1);
	*slash = '\0';
	item.watch = inotify_add(inotify, directory, IN_DELETE | IN_ONLYDIR, &reason);
	if (inotify_is_limit(item.watch))
		*problem = reason;
	if (item.watch < 0 || !item.name)
		free(item.name);
	else
		add(watches, &item);
}

/* Opening a standing fence without an anchor attaches it to another one. */
static uint64_t read_anchor(const struct hierarchy *hierarchy, uint64_t id)
{
	uint64_t anchor = fence_root_id(id);

	if ((!anchor || !hierarchy_has(hierarchy, anchor)) && fence_root_is_there(id)) {
		cleanup_fence struct cgfence_fence *fence = NULL;

		cgfence_fence_open(id, &fence, NULL);
		anchor = fence_root_id(id);
	}
	return anchor;
}

static void update(struct anchor_watches *watches, const struct hierarchy *hierarchy, uint64_t id,
		   int inotify, struct cgfence_error *problem)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t anchor = read_anchor(hierarchy, id);
		struct anchor_watch *known = find(watches, id);

		if (known && known->anchor == anchor)
			return;
		if (known)
			drop(watches, known, inotify);
		if (!anchor)
			return;
		follow(watches, hierarchy, id, anchor, inotify, problem);
	}
}

static bool is_listed(const uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

void anchor_watches_update(struct anchor_watches *watches, int inotify,
			   struct cgfence_error *problem)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;

	if (pins_list(&ids, &count, NULL))
		return;
	for (size_t i = watches->count; i-- > 0;) {
		if (!is_listed(ids, count, watches->items[i].fence))
			drop(watches, &watches->items[i], inotify);
	}
	/* Their ids come last. Most hosts have none, and need no hierarchy then. */
	if (!count || !(ids[count - 1] & CGFENCE_STANDING_ID) || hierarchy_open(&hierarchy, NULL))
		return;
	for (size_t i = count; i-- > 0 && ids[i] & CGFENCE_STANDING_ID;)
		update(watches, &hierarchy, ids[i], inotify, problem);
}

bool anchor_watches_have(const struct anchor_watches *watches, const struct inotify_event *event)
{
	return is_used(watches, event->wd);
}

bool anchor_watches_lose(const struct anchor_watches *watches, const struct inotify_event *event)
{
	if (!(event->mask & IN_DELETE) || !event->len)
		return false;
	for (size_t i = 0; i < watches->count; i++) {
		if (watches->items[i].watch == event->wd &&
		    strcmp(watches->items[i].name, event->name) == 0)
			return true;
	}
	return false;
}

void anchor_watches_free(struct anchor_watches *watches)
{
	for (size_t i = 0; i < watches->count; i++)
		free(watches->items[i].name);
	free(watches->items);
	*watches = (struct anchor_watches){ 0 };
}
