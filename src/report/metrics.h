/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers for Prometheus. A label names a fence, never what is in it, so that there are as many lines as fences, times a
 * constant.
 */
#pragma once

#include <cgfence/reconcile.h>
#include <stdio.h>

enum metrics_format {
	METRICS_OPENMETRICS, /* OpenMetrics 1.0 */
	/*
	 * The text format 0.0.4 of Prometheus, which node_exporter's textfile collector reads: it refuses types that only
	 * OpenMetrics has, and has another name for the family of a counter. The samples are the same.
	 */
	METRICS_TEXTFILE,
};

/* What only a watch knows, since it began. */
struct metrics_watch {
	uint64_t actions[CGFENCE_ACTION_COUNT]; /* as reported */
	uint64_t lost_lines;			/* of its output */
	uint64_t omitted;			/* refusals that came too fast to be told of */
	uint64_t passes;
	uint64_t failed_passes;
	double pass_seconds; /* what the last one took of a processor */
	double last_pass_time; /* of the last one that saw everything, in seconds since 1970; 0 if there was none */
	const struct cgfence_reconciler *reconciler;
};

/**
 * metrics_print() - read all fences and print what they count.
 * @watch: NULL without one
 *
 * It yields (base/yield.h).
 *
 * Return: 0 or -errno if the fences cannot be read; then nothing is printed.
 */
int metrics_print(FILE *file, enum metrics_format format, const struct metrics_watch *watch,
		  struct cgfence_error *error);

/**
 * metrics_write_file() - write them for the textfile collector.
 * @name: a regular file, a link to one, or nothing yet; replaced in one step, so that a reader finds the old or the new
 * text; readable for everybody
 */
int metrics_write_file(const char *name, const struct metrics_watch *watch,
		       struct cgfence_error *error);
