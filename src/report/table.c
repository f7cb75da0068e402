// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/table.h"
#include "base/cleanup.h"
#include "report/printable.h"
#include "report/width.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 16
#define GAP 2

/* Cells are shortened to this width first; they get narrower only if leaving out columns is not enough. */
#define COMFORTABLE_WIDTH 16
#define LEAST_WIDTH 6

struct table {
	const struct table_column *columns;
	size_t column_count;
	bool without_headings;
	size_t cell_count;
	char **cells;
};

/* The layout of the columns on a terminal. */
struct layout {
	const struct table *table;
	size_t widths[COLUMNS_MAX];
	size_t wanted[COLUMNS_MAX]; /* the widths at which no cell is shortened */
	bool left_out[COLUMNS_MAX];
	size_t available;
};

void table_add_cell(struct table *table, const char *format, ...)
{
	char **cells = table ? reallocarray(table->cells, table->cell_count + 1, sizeof(*cells))
			     : NULL;
	cleanup_free char *text = NULL;
	va_list arguments;

	if (!cells)
		return;
	table->cells = cells;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	cells[table->cell_count++] = text ? printable_copy(text) : NULL;
}

struct table *table_new(const struct table_column *columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	while (columns[table->column_count].heading && table->column_count < COLUMNS_MAX)
		table->column_count++;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

void table_hide_headings(struct table *table)
{
	if (table)
		table->without_headings = true;
}

/* The headings are row 0. */
static const char *cell_text(const struct table *table, size_t row, size_t column)
{
	size_t index = (row - 1) * table->column_count + column;

	if (row == 0)
		return table->columns[column].heading;
	return index < table->cell_count && table->cells[index] ? table->cells[index] : "";
}

static size_t row_count(const struct table *table)
{
	if (table->column_count == 0)
		return 1;
	return 1 + (table->cell_count + table->column_count - 1) / table->column_count;
}

static size_t total_width(const struct layout *layout)
{
	size_t total = 0;

	for (size_t i = 0; i < layout->table->column_count; i++) {
		if (!layout->left_out[i])
			total += layout->widths[i] + (total ? GAP : 0);
	}
	return total;
}

/* Narrows the widest elastic columns until the table fits, or none is wider than @least. */
static void shorten(struct layout *layout, size_t least)
{
	while (total_width(layout) > layout->available) {
		size_t widest = COLUMNS_MAX;

		for (size_t i = 0; i < layout->table->column_count; i++) {
			if (layout->table->columns[i].elastic && !layout->left_out[i] &&
			    layout->widths[i] > least &&
			    (widest == COLUMNS_MAX || layout->widths[i] > layout->widths[widest]))
				widest = i;
		}
		if (widest == COLUMNS_MAX)
			return;
		layout->widths[widest]--;
	}
}

/* Gives what leaving out columns has freed to the narrowest of those that were shortened. */
static void widen(struct layout *layout)
{
	while (total_width(layout) < layout->available) {
		size_t narrowest = COLUMNS_MAX;

		for (size_t i = 0; i < layout->table->column_count; i++) {
			if (!layout->left_out[i] && layout->widths[i] < layout->wanted[i] &&
			    (narrowest == COLUMNS_MAX ||
			     layout->widths[i] < layout->widths[narrowest]))
				narrowest = i;
		}
		if (narrowest == COLUMNS_MAX)
			return;
		layout->widths[narrowest]++;
	}
}

static bool has_content(const struct table *table, size_t column)
{
	for (size_t row = 1; row < row_count(table); row++) {
		if (strcmp(cell_text(table, row, column), "-") != 0)
			return true;
	}
	return false;
}

/* Leaves out one more column. Return: was there one that may be left out? */
static bool leave_one_out(struct layout *layout, bool precious_too)
{
	const struct table *table = layout->table;
	unsigned int highest = 0;
	size_t chosen = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		if (layout->left_out[i] || table->columns[i].rank <= highest)
			continue;
		if (!precious_too && table->columns[i].precious && has_content(table, i))
			continue;
		highest = table->columns[i].rank;
		chosen = i;
	}
	if (highest)
		layout->left_out[chosen] = true;
	return highest;
}

static void lay_out(struct layout *layout)
{
	const struct table *table = layout->table;

	for (size_t i = 0; i < table->column_count; i++)
		layout->wanted[i] = table->columns[i].width;
	for (size_t row = 0; row < row_count(table); row++) {
		for (size_t i = 0; i < table->column_count; i++) {
			size_t width = width_of(cell_text(table, row, i));

			if (width > layout->wanted[i])
				layout->wanted[i] = width;
		}
	}
	memcpy(layout->widths, layout->wanted, sizeof(layout->widths));
	shorten(layout, COMFORTABLE_WIDTH);
	while (total_width(layout) > layout->available && leave_one_out(layout, false))
		;
	shorten(layout, LEAST_WIDTH);
	while (total_width(layout) > layout->available && leave_one_out(layout, true))
		;
	widen(layout);
}

static void print_aligned(const struct layout *layout, size_t row)
{
	size_t owed = 0; /* blanks before the next cell, so that no line ends with blanks */

	for (size_t i = 0; i < layout->table->column_count; i++) {
		const char *text = cell_text(layout->table, row, i);
		cleanup_free char *shortened = NULL;

		if (layout->left_out[i])
			continue;
		if (layout->table->columns[i].elastic)
			shortened = width_shorten(text, layout->widths[i]);
		text = shortened ? shortened : text;
		printf("%*s%s", (int)owed, "", text);
		owed = layout->widths[i] + GAP - width_of(text);
	}
	putchar('\n');
}

static void print_whole(const struct table *table, size_t row)
{
	for (size_t i = 0; i < table->column_count; i++)
		printf("%s%s", cell_text(table, row, i), i + 1 < table->column_count ? "\t" : "\n");
}

void table_print(struct table *table)
{
	struct layout layout = { .table = table, .available = (size_t)-1 };
	struct winsize size = { 0 };
	bool is_terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	if (!table)
		return;
	if (size.ws_col)
		layout.available = size.ws_col;
	if (is_terminal)
		lay_out(&layout);
	for (size_t row = table->without_headings; row < row_count(table); row++) {
		if (is_terminal)
			print_aligned(&layout, row);
		else
			print_whole(table, row);
	}
	table_free(table);
}
