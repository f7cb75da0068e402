// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Series of values, and the tables made of them. */
#include "record.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct bench_series bench_series_new(const char *name, size_t rounds)
{
	struct bench_series series = { .values = calloc(rounds ? rounds : 1, sizeof(double)),
				       .capacity = rounds };

	if (!series.values)
		series.capacity = 0;
	snprintf(series.name, sizeof(series.name), "%s", name);
	return series;
}

void bench_series_add(struct bench_series *series, double value)
{
	if (series->count < series->capacity)
		series->values[series->count++] = value;
}

void bench_series_free(struct bench_series *series)
{
	free(series->values);
	*series = (struct bench_series){ 0 };
}

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Between two values it is interpolated, as most programs that calculate quantiles do (R's type 7). */
double bench_series_quantile(const struct bench_series *series, double quantile)
{
	double *sorted = malloc((series->count ? series->count : 1) * sizeof(double));
	double place = quantile * (double)(series->count ? series->count - 1 : 0);
	size_t below = (size_t)place;
	double result;

	if (!sorted || !series->count) {
		free(sorted);
		return NAN;
	}
	memcpy(sorted, series->values, series->count * sizeof(double));
	qsort(sorted, series->count, sizeof(double), compare_values);
	result = sorted[below];
	if (below + 1 < series->count)
		result += (place - (double)below) * (sorted[below + 1] - sorted[below]);
	free(sorted);
	return result;
}

double bench_series_take_median(struct bench_series *series)
{
	double median = bench_series_quantile(series, 0.5);

	bench_series_free(series);
	return median;
}

static void print_table(const struct bench_table *table)
{
	printf("\n%s\n  %-44s %10s %10s %10s %10s %8s\n", table->title, "", "median", "25 %",
	       "75 %", "99 %", "ratio");
	for (size_t i = 0; i < table->count; i++) {
		const struct bench_row *row = &table->rows[i];

		printf("  %-44s %10.2f %10.2f %10.2f %10.2f %8.2f\n", row->name, row->median,
		       row->low, row->high, row->worst, row->ratio);
	}
	printf("  (in %s; ratio to %s; %zu rounds, interleaved)\n", table->unit, table->peer,
	       table->count ? table->rows[0].rounds : 0);
	fflush(stdout);
}

void bench_report(struct bench *bench, const char *group, const char *title, const char *unit,
		  const struct bench_series *series, size_t count, size_t peer)
{
	struct bench_table *table = &bench->tables[bench->table_count];
	double base = bench_series_quantile(&series[peer], 0.5);

	if (bench->table_count == BENCH_TABLES_MAX)
		bench_fail(bench, "there are more tables than %d", BENCH_TABLES_MAX);
	snprintf(table->group, sizeof(table->group), "%s", group);
	snprintf(table->title, sizeof(table->title), "%s", title);
	snprintf(table->unit, sizeof(table->unit), "%s", unit);
	snprintf(table->peer, sizeof(table->peer), "%s", series[peer].name);
	table->rows = calloc(count, sizeof(*table->rows));
	if (!table->rows)
		bench_fail(bench, "out of memory");
	table->count = count;
	for (size_t i = 0; i < count; i++) {
		struct bench_row *row = &table->rows[i];

		memcpy(row->name, series[i].name, sizeof(row->name));
		row->median = bench_series_quantile(&series[i], 0.5);
		row->low = bench_series_quantile(&series[i], 0.25);
		row->high = bench_series_quantile(&series[i], 0.75);
		row->worst = bench_series_quantile(&series[i], 0.99);
		row->ratio = row->median / base;
		row->rounds = series[i].count;
	}
	bench->table_count++;
	print_table(table);
}

void bench_compare(struct bench *bench, const char *what, const char *peer, double ours,
		   double theirs)
{
	struct bench_comparison *comparison = &bench->comparisons[bench->comparison_count];

	if (bench->comparison_count == BENCH_NOTES_MAX)
		return;
	snprintf(comparison->what, sizeof(comparison->what), "%s", what);
	snprintf(comparison->peer, sizeof(comparison->peer), "%s", peer);
	comparison->ours = ours;
	comparison->theirs = theirs;
	bench->comparison_count++;
}

static void note(struct bench_note *notes, size_t *count, bool holds, const char *format,
		 va_list arguments)
{
	if (*count == BENCH_NOTES_MAX)
		return;
	notes[*count].holds = holds;
	vsnprintf(notes[*count].text, sizeof(notes[*count].text), format, arguments);
	(*count)++;
}

void bench_target(struct bench *bench, bool holds, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(bench->targets, &bench->target_count, holds, format, arguments);
	va_end(arguments);
}

void bench_skip(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(bench->skipped, &bench->skipped_count, false, format, arguments);
	va_end(arguments);
}

void bench_progress(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	(void)bench;
	va_start(arguments, format);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
}

void bench_fail(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	(void)bench;
	fflush(stdout);
	va_start(arguments, format);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, ".\n");
	va_end(arguments);
	_exit(EXIT_FAILURE);
}

const char *bench_program(const struct bench *bench)
{
	return bench->program;
}

const char *bench_directory(const struct bench *bench)
{
	return bench->directory;
}

const char *bench_cgroup(const struct bench *bench)
{
	return bench->cgroup;
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}
