// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A fence is a directory of pins in bpffs, so inotify(7) tells when one comes or goes; attach touches the directory of
 * a fence whose policy it replaced. A standing fence whose anchor is removed is attached to another one at once.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/inotify.h"
#include "fence/anchor_watch.h"
#include "kernel/pins.h"

#include <cgfence/watch.h>
#include <stdio.h>
#include <string.h>

/* Of the directory of a fence. */
#define FENCE_EVENTS (IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)

struct cgfence_monitor {
	int fd;	      /* -1 if there is none */
	int root;     /* watch descriptor of the directory of all fences */
	bool changed; /* since it was read last */
	struct anchor_watches anchors;
	struct cgfence_error problem; /* why some changes are not seen */
};

static bool is_fence_name(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* A fence that is gone already has no events. */
static void watch_fence(struct cgfence_monitor *monitor, const char *name)
{
	struct cgfence_error reason = { 0 };
	char path[PINS_PATH_SIZE];

	snprintf(path, sizeof(path), PINS_ROOT "/%.20s", name);
	if (inotify_is_limit(inotify_add(monitor->fd, path, FENCE_EVENTS, &reason)))
		monitor->problem = reason;
}

static int watch_all(struct cgfence_monitor *monitor, struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = pins_list(&ids, &count, error);

	for (size_t i = 0; i < count; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%llu", (unsigned long long)ids[i]);
		watch_fence(monitor, name);
	}
	anchor_watches_update(&monitor->anchors, monitor->fd, &monitor->problem);
	return result;
}

static int open_monitor(struct cgfence_monitor *monitor, struct cgfence_error *error)
{
	struct cgfence_error reason = { 0 };
	int result = inotify_open(&monitor->fd, &reason);

	if (result == 0) {
		monitor->root = inotify_add(monitor->fd, PINS_ROOT,
					    IN_CREATE | IN_DELETE | IN_ONLYDIR, &reason);
		result = monitor->root < 0 ? monitor->root : 0;
	}
	if (result == 0)
		return watch_all(monitor, error);
	if (!inotify_is_limit(result))
		return error_set(error, -result, "%s", reason.text);
	cleanup_close_descriptor(&monitor->fd);
	monitor->fd = -1;
	monitor->problem = reason;
	return 0;
}

int cgfence_monitor_open(struct cgfence_monitor **monitor, struct cgfence_error *error)
{
	struct cgfence_monitor *made;
	int result = pins_make_root(error);

	if (result)
		return result;
	made = calloc(1, sizeof(*made));
	if (!made)
		return error_out_of_memory(error);
	made->fd = -1;
	result = open_monitor(made, error);
	if (result) {
		cgfence_monitor_close(made);
		return result;
	}
	*monitor = made;
	return 0;
}

void cgfence_monitor_close(struct cgfence_monitor *monitor)
{
	if (!monitor)
		return;
	cleanup_close_descriptor(&monitor->fd);
	anchor_watches_free(&monitor->anchors);
	free(monitor);
}

int cgfence_monitor_fd(const struct cgfence_monitor *monitor)
{
	return monitor->fd;
}

const char *cgfence_monitor_problem(const struct cgfence_monitor *monitor)
{
	return monitor->problem.text;
}

/* Return: is it about a fence? */
static bool speaks_of_fence(struct cgfence_monitor *monitor, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW) {
		watch_all(monitor, NULL);
		return true;
	}
	if (anchor_watches_have(&monitor->anchors, event))
		return anchor_watches_lose(&monitor->anchors, event);
	if (event->wd != monitor->root)
		return !(event->mask & IN_IGNORED);
	if (!event->len || !is_fence_name(event->name))
		return false;
	if (event->mask & IN_CREATE)
		watch_fence(monitor, event->name);
	return true;
}

static void handle(const struct inotify_event *event, void *context)
{
	struct cgfence_monitor *monitor = context;

	monitor->changed = speaks_of_fence(monitor, event) || monitor->changed;
}

bool cgfence_monitor_read(struct cgfence_monitor *monitor)
{
	monitor->changed = false;
	if (monitor->fd >= 0)
		inotify_read(monitor->fd, handle, monitor);
	if (monitor->changed)
		anchor_watches_update(&monitor->anchors, monitor->fd, &monitor->problem);
	return monitor->changed;
}
