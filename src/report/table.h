/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of text. On a terminal they are aligned and made to fit: long cells are shortened, and columns are left out if
 * that is not enough. Elsewhere the cells are complete and separated by tabs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct table_column {
	const char *heading;
	bool elastic;	   /* its cells may be shortened */
	bool precious;	   /* left out only when all else is, unless each of its cells is "-" */
	unsigned int rank; /* columns of a higher rank are left out first; 0 for never */
	size_t width;	   /* the least width, to align rows that are printed later */
};

struct table;

/** table_new() - a table with these columns, ended by a NULL heading. Return: NULL if out of memory. */
struct table *table_new(const struct table_column *columns);

/** table_add_cell() - append a cell, copied and made printable; after a full row it begins a new one. */
void table_add_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** table_hide_headings() - do not print the headings, as for rows that continue another table. */
void table_hide_headings(struct table *table);

/** table_print() - print the table to standard output and free it. */
void table_print(struct table *table);

/** table_free() - free a table without printing it; NULL is fine. */
void table_free(struct table *table);
