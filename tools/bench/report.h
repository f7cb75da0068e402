/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The results of a run: tables of figures (table.c), and statements about them (report.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUNDS_MAX 256
#define ROWS_MAX 48

/* Something that is measured over and over, in turn with the other rows of its table. */
struct row {
	char name[64];
	double (*measure)(const void *subject);
	const void *subject;
	double values[ROUNDS_MAX]; /* of each round, in no order */
	size_t count;
};

struct table {
	char group[32]; /* identifies the table in the JSON */
	char title[160];
	const char *unit; /* of all values */
	struct row rows[ROWS_MAX];
	size_t count;
};

/** text() - formatted text, which is gone after eight calls more. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** table_new() - an empty table, which lives until the end of the run, for as long as @unit is borrowed. */
struct table *table_new(const char *unit, const char *group, const char *title);

/**
 * table_add() - one more row.
 * @measure: returns NAN if there is no value this time. NULL for a row that table_put() fills, or for one whose @subject is
 *	a double that the measuring of an earlier row sets
 * @subject: given to @measure, borrowed until the last table_measure()
 */
struct row *table_add(struct table *table, double (*measure)(const void *subject),
		      const void *subject, const char *name);

/** table_put() - a value of a row; NAN is left out. */
void table_put(struct row *row, double value);

/** table_measure() - measure each row in turn, @rounds times, so that a disturbance of the machine hits all. */
void table_measure(struct table *table, size_t rounds);

/** table_median() - of the row of that name; NAN if there is none. */
double table_median(struct table *table, const char *name);

/** row_quantile() - such as 0.5 for the median or 0.99; NAN if there is no value. */
double row_quantile(struct row *row, double quantile);

/** values_quantile() - of @count values, which it sorts; NAN if there is none. */
double values_quantile(double *values, size_t count, double quantile);

/**
 * report_table() - print and keep median, quartiles, 99th percentile, and the ratio to a row.
 * @peer: the name of that row; NULL for the first one
 *
 * Rows without a value are left out, and noted as not measured.
 */
void report_table(struct table *table, const char *peer);

/**
 * report_at_most() - note whether a target of the specification is met.
 * @value: what was measured; NAN if it was not
 * @what: says what @value is
 */
void report_at_most(double value, double most, const char *unit, const char *what);

/** report_at_least() - the same of a least value. */
void report_at_least(double value, double least, const char *unit, const char *what);

/** report_skip() - note that a figure cannot be had on this machine, and why. */
void report_skip(const char *sentence);

/** report_compare() - one of the ratios that the picture shows: medians, of which more is worse. NAN leaves it out. */
void report_compare(const char *what, const char *peer, double ours, double theirs);

/** report_progress() - one line of progress on standard error. */
void report_progress(const char *sentence);

/** report_fail() - print why measuring is impossible, and end the run; the stage is removed all the same. */
void report_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/** report_begin() - print the kernel and the machine. */
void report_begin(void);

/** report_end() - print ratios, missing figures and targets, and write bench.json to a directory. */
void report_end(const char *directory);
