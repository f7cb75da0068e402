// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 32

static struct table tables[TABLES_MAX];
static size_t table_count;

const char *text(const char *format, ...)
{
	static char texts[8][512];
	static size_t next;
	char *room = texts[next++ % 8];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(room, sizeof(texts[0]), format, arguments);
	va_end(arguments);
	return room;
}

struct table *table_new(const char *unit, const char *group, const char *title)
{
	struct table *table = &tables[table_count];

	if (table_count++ == TABLES_MAX)
		report_fail("there are more tables than %d", TABLES_MAX);
	table->unit = unit;
	snprintf(table->group, sizeof(table->group), "%s", group);
	snprintf(table->title, sizeof(table->title), "%s", title);
	return table;
}

struct row *table_add(struct table *table, double (*measure)(const void *subject),
		      const void *subject, const char *name)
{
	struct row *row = &table->rows[table->count];

	if (table->count++ == ROWS_MAX)
		report_fail("there are more rows than %d", ROWS_MAX);
	row->measure = measure;
	row->subject = subject;
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

void table_put(struct row *row, double value)
{
	if (!isnan(value) && row->count < ROUNDS_MAX)
		row->values[row->count++] = value;
}

void table_measure(struct table *table, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < table->count; i++) {
			struct row *row = &table->rows[i];

			table_put(row, row->measure ? row->measure(row->subject)
						    : *(const double *)row->subject);
		}
	}
}

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Between two values it is interpolated, as most programs that calculate quantiles do (R's type 7). */
double values_quantile(double *values, size_t count, double quantile)
{
	double place = count ? quantile * (double)(count - 1) : 0;
	size_t below = (size_t)place;

	qsort(values, count, sizeof(*values), compare_values);
	if (!count)
		return NAN;
	if (below + 1 == count)
		return values[below];
	return values[below] + (place - (double)below) * (values[below + 1] - values[below]);
}

double row_quantile(struct row *row, double quantile)
{
	return values_quantile(row->values, row->count, quantile);
}

double table_median(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->rows[i].name, name) == 0)
			return row_quantile(&table->rows[i], 0.5);
	}
	return NAN;
}
