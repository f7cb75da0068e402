/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop: reads, shows, and takes keys until it is told to end. */
#pragma once

#include "top/view.h"

struct live_options {
	uint64_t interval_ns;
	enum top_sort sort;
	const char *filter;
};

/**
 * live_run() - show the fences until the reader quits, a signal comes or the terminal is gone.
 *
 * Return: 0, or -errno if it could not begin; the terminal is as it was in either case.
 */
int live_run(const struct live_options *options, struct cgfence_error *error);
