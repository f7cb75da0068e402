// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A link is pinned once and gets other programs in place, so the time of its pin is that of the fence. */
#include "fence/since.h"
#include "kernel/hook.h"
#include "kernel/pins.h"

#include <sys/stat.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static int64_t to_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return to_ns(&now);
}

uint64_t since_read_ns(uint64_t id)
{
	int64_t first = 0;
	int64_t since;

	for (int i = 0; i < hook_count; i++) {
		char path[PINS_PATH_SIZE];
		struct stat status;

		pins_path(path, id, hooks[i].name);
		if (lstat(path, &status) == 0 && (!first || to_ns(&status.st_mtim) < first))
			first = to_ns(&status.st_mtim);
	}
	since = first - clock_ns(CLOCK_REALTIME) + clock_ns(CLOCK_BOOTTIME);
	/* The clock may have been set since. */
	return first && since > 0 ? (uint64_t)since : 0;
}
