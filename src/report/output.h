/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The output of the program. */
#pragma once

#include <cgfence/cgfence.h>
#include <jansson.h>
#include <stdio.h>

#define OUTPUT_TIME_SIZE 64

/* The exit statuses of the program. */
enum exit_status {
	STATUS_DONE = 0, /* also: allowed, nothing in excess */
	STATUS_FAILED = 1,
	STATUS_INVALID = 2,	 /* wrong usage or invalid policy */
	STATUS_NO = 3,		 /* the answer is no */
	STATUS_RUN_FAILED = 125, /* as env(1): the command was not run */
	STATUS_RUN_CANNOT = 126,
	STATUS_RUN_NOT_FOUND = 127,
};

/** output_begin() - before any file is opened: let output to a descriptor that is closed fail, and go nowhere else. */
void output_begin(void);

/** output_failure() - print an error. Return: its exit status. */
int output_failure(const struct cgfence_error *error);

/**
 * output_complain() - print "cgfence: ", a sentence and a newline to standard error, made printable.
 * @format: a sentence without its full stop
 */
void output_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * output_say() - print a line to standard output, made printable.
 * @format: without the newline
 */
void output_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** output_lines() - print text with newlines to standard output, made printable. */
void output_lines(const char *text);

/** output_warn_of_others() - print a warning if others than root and the caller can change a policy file. */
void output_warn_of_others(const char *path);

/**
 * output_outlive_reader() - let output fail once nobody reads it any more, and not end the process (SIGPIPE); for commands
 * that do things while they tell of them.
 */
void output_outlive_reader(void);

/** output_push() - flush standard output for now; output_flush() tells if that fails. */
void output_push(void);

/**
 * output_flush() - flush standard output, and fail if some of it could not be written.
 * @status: the exit status if nothing fails
 *
 * Return: exit status.
 */
int output_flush(int status);

/** output_json() - print a value over several lines; takes the reference. Return: exit status. */
int output_json(json_t *value);

/** output_json_line() - print a value in one line; takes the reference. Return: exit status. */
int output_json_line(json_t *value);

/**
 * output_json_text() - the text that the two above print, to be given to free(); NULL if out of memory.
 * @value: its reference is taken
 * @flags: JSON_COMPACT or JSON_INDENT(), of json_dumps()
 */
char *output_json_text(json_t *value, size_t flags);

/** output_json_string() - bytes as a JSON string; if they are not UTF-8, '?' replaces all that is not ASCII. NULL is null. */
json_t *output_json_string(const char *bytes);

/**
 * output_time() - a time of CLOCK_BOOTTIME as RFC 3339 in UTC, such as "2026-01-31T12:00:00.123456Z".
 * @boot_ns: nanoseconds since boot, including suspended time
 */
void output_time(uint64_t boot_ns, char text[OUTPUT_TIME_SIZE]);

/** output_time_refresh() - follow a clock that may have been set; for commands that run long. */
void output_time_refresh(void);
