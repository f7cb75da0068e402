// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/servers.h"
#include "base/boot_time.h"
#include "base/error.h"
#include "base/yield.h"

#include <errno.h>
#include <stdint.h>

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

static bool is_listed(const struct holders *list, const struct cgfence_holder *server)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].thread == server->thread &&
		    list->items[i].cookie == server->cookie)
			return true;
	}
	return false;
}

void servers_narrow(struct holders *list, const struct holders *other)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (is_listed(other, &list->items[i]))
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
