/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of text: aligned on a terminal, separated by tabs elsewhere. */
#pragma once

struct table;

/** table_new() - a table with these headings, ended by NULL. Return: NULL if out of memory. */
struct table *table_new(const char *const *headings);

/** table_add_cell() - append a cell to the last row, or the first of a new one; copied, made printable. */
void table_add_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** table_print() - print the table to standard output and free it. */
void table_print(struct table *table);

/** table_free() - free a table without printing it; NULL is fine. */
void table_free(struct table *table);
