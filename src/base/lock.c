// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/lock.h"
#include "base/yield.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>

/* Mostly a command has it for a few milliseconds. */
#define TRY_NS (1000 * 1000)

int lock_try(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

int lock_await(int fd)
{
	const struct timespec pause = { .tv_nsec = TRY_NS };

	while (yield_is_possible()) {
		int result = lock_try(fd);

		if (result != -EWOULDBLOCK)
			return result;
		nanosleep(&pause, NULL);
		yield_now();
	}
	return flock(fd, LOCK_EX) < 0 ? -errno : 0;
}
