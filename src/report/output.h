/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program prints. */
#pragma once

#include <cgfence/cgfence.h>
#include <jansson.h>
#include <stdio.h>

#define OUTPUT_TIME_SIZE 64

/** output_failure() - print an error; returns the exit status that goes with it. */
int output_failure(const struct cgfence_error *error);

/**
 * output_complain() - print "cgfence: ", a sentence and a newline to standard error, made printable.
 *
 * For sentences that quote what runs in a fence.
 */
void output_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * output_flush() - end standard output; what could not be written is a failure.
 * @status: what the command would exit with
 */
int output_flush(int status);

/** output_json() - print a value and a newline; takes the reference. Return: exit status. */
int output_json(json_t *value);

/** output_json_string() - bytes that may not be UTF-8, as JSON must be: '?' stands for what is not ASCII then. */
json_t *output_json_string(const char *bytes);

/**
 * output_printable() - text without a byte that steers a terminal, to be given to free(); NULL if out of memory.
 *
 * Names and comms come from what runs in a fence.
 */
char *output_printable(const char *text);

/**
 * output_time() - a time of CLOCK_BOOTTIME as RFC 3339 in UTC, such as "2026-01-31T12:00:00.123456Z".
 * @boot_ns: nanoseconds since boot, suspension included
 */
void output_time(uint64_t boot_ns, char text[OUTPUT_TIME_SIZE]);

/** output_time_refresh() - take note that the clock may have been set; for what runs long. */
void output_time_refresh(void);

/* Rows of text: aligned on a terminal, separated by tabs elsewhere. */
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
