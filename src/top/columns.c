// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/columns.h"
#include "base/cleanup.h"
#include "report/width.h"

#include <stdio.h>

static size_t total(const struct top_column *columns, const size_t widths[TOP_COLUMNS_MAX])
{
	size_t sum = 0;

	for (size_t i = 0; columns[i].heading; i++) {
		if (widths[i])
			sum += widths[i] + (sum ? 1 : 0);
	}
	return sum;
}

/* Return: was there one that may be left out? */
static bool leave_one_out(const struct top_column *columns, size_t widths[TOP_COLUMNS_MAX])
{
	unsigned int highest = 0;
	size_t chosen = 0;

	for (size_t i = 0; columns[i].heading; i++) {
		if (widths[i] && columns[i].rank > highest) {
			highest = columns[i].rank;
			chosen = i;
		}
	}
	if (highest)
		widths[chosen] = 0;
	return highest;
}

/* Gives the room that is left to those that grow, a column of the screen to each in turn. */
static void grow(const struct top_column *columns, size_t room, size_t widths[TOP_COLUMNS_MAX])
{
	bool grew = true;

	while (room && grew) {
		grew = false;
		for (size_t i = 0; columns[i].heading && room; i++) {
			if (!widths[i] || widths[i] >= columns[i].most)
				continue;
			widths[i]++;
			room--;
			grew = true;
		}
	}
}

void columns_fit(const struct top_column *columns, size_t available, size_t widths[TOP_COLUMNS_MAX])
{
	size_t taken;

	for (size_t i = 0; columns[i].heading; i++)
		widths[i] = columns[i].least;
	while (total(columns, widths) > available && leave_one_out(columns, widths))
		;
	taken = total(columns, widths);
	if (taken <= available) {
		grow(columns, available - taken, widths);
		return;
	}
	for (size_t i = 0; columns[i].heading; i++) {
		if (widths[i])
			widths[i] = available;
	}
}

char *columns_line(const struct top_column *columns, const size_t widths[TOP_COLUMNS_MAX],
		   const char *const cells[])
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	size_t owed = 0; /* blanks before the next cell, so that no line ends with blanks */

	if (!file)
		return NULL;
	for (size_t i = 0; columns[i].heading; i++) {
		const char *cell = cells ? cells[i] : columns[i].heading;
		cleanup_free char *shortened = widths[i] ? width_shorten(cell, widths[i]) : NULL;
		size_t rest;

		if (!shortened)
			continue;
		rest = widths[i] - width_of(shortened);
		if (columns[i].is_number)
			owed += rest;
		fprintf(file, "%*s%s", (int)owed, "", shortened);
		owed = 1 + (columns[i].is_number ? 0 : rest);
	}
	return fclose(file) == 0 ? text : NULL;
}
