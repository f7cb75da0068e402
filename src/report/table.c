// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/table.h"
#include "report/printable.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	size_t columns;
	size_t cell_count; /* the headings are the first row */
	char **cells;
};

void table_add_cell(struct table *table, const char *format, ...)
{
	char **cells = table ? reallocarray(table->cells, table->cell_count + 1, sizeof(*cells))
			     : NULL;
	char *text = NULL;
	va_list arguments;

	if (!cells)
		return;
	table->cells = cells;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	cells[table->cell_count++] = text ? printable_copy(text) : NULL;
	free(text);
}

struct table *table_new(const char *const *headings)
{
	struct table *table = calloc(1, sizeof(*table));

	for (; table && *headings; headings++) {
		table_add_cell(table, "%s", *headings);
		table->columns++;
	}
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

static const char *cell_text(const struct table *table, size_t index)
{
	return index < table->cell_count && table->cells[index] ? table->cells[index] : "";
}

static int column_width(const struct table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->cell_count; i += table->columns) {
		size_t length = strlen(cell_text(table, i));

		width = length > width ? length : width;
	}
	return (int)width;
}

void table_print(struct table *table)
{
	bool aligned = isatty(STDOUT_FILENO);

	if (!table)
		return;
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t column = i % table->columns;
		bool last = column + 1 == table->columns;

		printf("%-*s%s", aligned && !last ? column_width(table, column) : 0,
		       cell_text(table, i),
		       last	 ? "\n"
		       : aligned ? "  "
				 : "\t");
	}
	table_free(table);
}
