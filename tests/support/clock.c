// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/clock.h"

#include <time.h>

uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

double clock_ms_since(uint64_t begin_ns)
{
	return (double)(clock_ns() - begin_ns) / 1e6;
}
