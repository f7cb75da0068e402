/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop of `watch`. */
#pragma once

#include <cgfence/cgfence.h>

struct watch_options {
	const char *apply; /* a policy or a directory of policies to keep applied; NULL for none */
	const char *metrics;  /* the file to write them to after each pass; NULL for none */
	uint64_t interval_ns; /* between two passes */
	bool json;	      /* print one JSON object a line */
};

/**
 * watch_run() - watch this host, and print events to standard output, until SIGTERM or SIGINT.
 *
 * Return: 0, or -errno if it cannot begin.
 */
int watch_run(const struct watch_options *options, struct cgfence_error *error);
