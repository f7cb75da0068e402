/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the suites of the benchmark share: how figures are gathered and reported. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

/* What was measured of one thing, a value for each round; rounds of different things are interleaved. */
struct bench_series {
	char name[64];
	double *values; /* room for @capacity */
	size_t count;
	size_t capacity;
};

/** bench_series_new() - an empty series with room for @rounds values. */
struct bench_series bench_series_new(const char *name, size_t rounds);

/** bench_series_add() - append the value of a round; what does not fit is left out. */
void bench_series_add(struct bench_series *series, double value);

/** bench_series_free() - free the values. */
void bench_series_free(struct bench_series *series);

/** bench_series_quantile() - such as 0.5 for the median or 0.99. */
double bench_series_quantile(const struct bench_series *series, double quantile);

/** bench_series_take_median() - the median; the values are freed. */
double bench_series_take_median(struct bench_series *series);

/**
 * bench_report() - print a table of series: median, quartiles, 99th percentile, and the ratio to one of them.
 * @group: identifies the table in the JSON, such as "device-check"
 * @title: above the table
 * @unit: of all values, such as "ns"
 * @peer: index of the series that the ratios are to
 */
void bench_report(struct bench *bench, const char *group, const char *title, const char *unit,
		  const struct bench_series *series, size_t count, size_t peer);

/** bench_target() - note whether a target of the specification holds, with the figure that says so. */
void bench_target(struct bench *bench, bool holds, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** bench_skip() - say that a figure cannot be had on this machine, and why. */
void bench_skip(struct bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** bench_progress() - one line of progress on standard error. */
void bench_progress(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * bench_compare() - one of the ratios that the picture and the summary show.
 * @what: is compared, such as "device check, 200 entries, found last"
 * @peer: with what, such as "the filter of runc"
 * @ours: median of cgfence
 * @theirs: median of the peer; more is worse
 */
void bench_compare(struct bench *bench, const char *what, const char *peer, double ours,
		   double theirs);

/** bench_fail() - say that measuring is impossible, and end; what was made is removed all the same. */
void bench_fail(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/** bench_program() - path of the cgfence program to be measured. */
const char *bench_program(const struct bench *bench);

/** bench_directory() - a directory of this run, on a tmpfs, removed at the end. */
const char *bench_directory(const struct bench *bench);

/** bench_cgroup() - absolute path of a cgroup2 directory of this run, with nothing in it; what is below it is removed at the end. */
const char *bench_cgroup(const struct bench *bench);

/** bench_now_ns() - CLOCK_MONOTONIC. */
uint64_t bench_now_ns(void);

/* The suites, a file each. */
void bench_device_check(struct bench *bench);
void bench_bind_check(struct bench *bench);
void bench_attach(struct bench *bench);
void bench_policy_change(struct bench *bench);
void bench_reconciler(struct bench *bench);
void bench_reaction(struct bench *bench);
