// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/mark.h"
#include "kernel/pins.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static int64_t in_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

int64_t fence_mark_now(void)
{
	struct timespec now;

	/* Before all changes none is long ago. */
	return clock_gettime(CLOCK_REALTIME, &now) < 0 ? 0 : in_ns(&now);
}

/* Links that come and go change the times of their directory, and a replaced policy does by pins_touch(). */
static uint64_t mark_of(const struct stat *status, int64_t now_ns)
{
	int64_t changed_ns = in_ns(&status->st_ctim);

	return now_ns - changed_ns < NS_PER_S ? 0 : (uint64_t)changed_ns;
}

uint64_t fence_mark(uint64_t id)
{
	char path[PINS_PATH_SIZE];
	struct stat status;

	pins_path(path, id, NULL);
	return stat(path, &status) < 0 ? 0 : mark_of(&status, fence_mark_now());
}

uint64_t fence_mark_in(int directory, uint64_t id, int64_t now_ns, bool *is_passing)
{
	struct stat status;
	char name[24];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
	if (fstatat(directory, name, &status, 0) < 0)
		return 0;
	*is_passing = status.st_mode & S_ISVTX;
	return mark_of(&status, now_ns);
}
