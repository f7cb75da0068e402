// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/servers.h"
#include "base/boot_time.h"
#include "base/error.h"
#include "base/yield.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* The kernel closes an io_uring by a work item that waits for all processors (io_ring_exit_work, io_uring/io_uring.c). */
#define WAIT_NS (200 * 1000 * 1000)
#define STEP_NS (1000 * 1000)

void servers_wait(void)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	uint64_t end = boot_time_ns() + WAIT_NS;

	while (boot_time_ns() < end) {
		nanosleep(&step, NULL);
		yield_now();
	}
}

static int compare_servers(const void *a, const void *b)
{
	const struct cgfence_holder *left = a, *right = b;

	if (left->thread != right->thread)
		return left->thread < right->thread ? -1 : 1;
	return (left->cookie > right->cookie) - (left->cookie < right->cookie);
}

static void sort(struct holders *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_servers);
}

void servers_narrow(struct holders *list, struct holders *other)
{
	size_t kept = 0, next = 0;

	sort(list);
	sort(other);
	for (size_t i = 0; i < list->count; i++) {
		while (next < other->count &&
		       compare_servers(&other->items[next], &list->items[i]) < 0)
			next++;
		if (next < other->count &&
		    compare_servers(&other->items[next], &list->items[i]) == 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

void servers_keep(struct holders *last, struct holders *now)
{
	holders_free(last);
	*last = *now;
	*now = (struct holders){ 0 };
}

int servers_report(const struct cgfence_holder *server, struct cgfence_error *error)
{
	return error_set(
		error, EOPNOTSUPP,
		"cannot find the io_uring that thread %u of process %u serves, and which may "
		"have a listening socket: no task of its fence has a descriptor of it",
		server->thread, server->pid);
}
