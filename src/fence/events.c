// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/maps.h"
#include "kernel/error.h"
#include "kernel/link.h"
#include "kernel/pins.h"

#include <bpf/libbpf.h>
#include <cgfence/watch.h>
#include <string.h>

struct cgfence_events {
	struct ring_buffer *ring;
	struct cgfence_event *list;
	size_t size;
	size_t count;
};

/* A negative value ends reading after this event; the rest stays for the next time. */
static int take_event(void *context, void *data, size_t size)
{
	struct cgfence_events *events = context;
	struct cgfence_event *event;

	/* Skips an event of another version. */
	if (size < sizeof(struct cgfence_plain_event))
		return 0;
	event = &events->list[events->count++];
	*event = (struct cgfence_event){ 0 };
	memcpy(event, data, size < sizeof(*event) ? size : sizeof(*event));
	return events->count == events->size ? -ECANCELED : 0;
}

static int open_ring(int map, struct cgfence_events **events, struct cgfence_error *error)
{
	struct cgfence_events *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->ring = ring_buffer__new(map, take_event, made, NULL);
	if (!made->ring) {
		result = kernel_error(error, errno, "read the ring buffer of events");
		free(made);
		return result;
	}
	*events = made;
	return 0;
}

int cgfence_events_open(struct cgfence_events **events, struct cgfence_error *error)
{
	cleanup_close int map = -1;
	int result = pins_make_root(error);

	if (result == 0)
		result = fence_maps_open_events(&map, error);
	return result ? result : open_ring(map, events, error);
}

int cgfence_events_open_learning(uint64_t id, struct cgfence_events **events,
				 struct cgfence_error *error)
{
	cleanup_link struct link link = LINK_CLOSED;
	cleanup_close int map = -1;
	int result = -ENOENT;

	for (int i = 0; i < hook_count && result == -ENOENT; i++)
		result = link_open(id, &hooks[i], &link, error);
	if (result == 0)
		result = fence_maps_find_events(link.program, &map, error);
	return result ? result : open_ring(map, events, error);
}

void cgfence_events_close(struct cgfence_events *events)
{
	if (!events)
		return;
	ring_buffer__free(events->ring);
	free(events);
}

int cgfence_events_fd(const struct cgfence_events *events)
{
	return ring_buffer__epoll_fd(events->ring);
}

int cgfence_events_read(struct cgfence_events *events, struct cgfence_event *list, size_t size,
			size_t *count, struct cgfence_error *error)
{
	int result;

	events->list = list;
	events->size = size;
	events->count = 0;
	result = ring_buffer__consume(events->ring);
	*count = events->count;
	return result < 0 && result != -ECANCELED
		       ? kernel_error(error, -result, "read the ring buffer of events")
		       : 0;
}
