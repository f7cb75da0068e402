// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	size_t columns;
	size_t cell_count; /* the headings are the first row */
	char **cells;
};

/* The control characters of C0, DEL, and in UTF-8 those of C1: 0xc2 0x80 to 0xc2 0x9f. Alone they are those of Latin-1. */
static size_t control_length(const unsigned char *text, bool is_utf8)
{
	if (*text < ' ' || *text == 0x7f)
		return 1;
	if (is_utf8)
		return text[0] == 0xc2 && text[1] < 0xa0 ? 2 : 0;
	return *text >= 0x80;
}

static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string;
}

char *output_printable(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char *printable = malloc(4 * strlen(text) + 1);
	bool utf8 = is_utf8(text);
	char *to = printable;

	while (printable && *at) {
		size_t length = control_length(at, utf8);

		for (size_t i = 0; i < length; i++)
			to += sprintf(to, "\\x%02x", *at++);
		if (!length)
			*to++ = (char)*at++;
	}
	if (printable)
		*to = '\0';
	return printable;
}

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
	cells[table->cell_count++] = text ? output_printable(text) : NULL;
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
