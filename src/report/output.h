/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program prints. */
#pragma once

#include <cgfence/cgfence.h>
#include <jansson.h>
#include <stdio.h>

#define OUTPUT_TIME_SIZE 64

/* What the program exits with. */
enum exit_status {
	STATUS_DONE = 0, /* or: allowed, none in excess */
	STATUS_FAILED = 1,
	STATUS_INVALID = 2,	 /* wrong usage or invalid policy */
	STATUS_NO = 3,		 /* the answer is no */
	STATUS_RUN_FAILED = 125, /* as env(1): the command was not run */
	STATUS_RUN_CANNOT = 126,
	STATUS_RUN_NOT_FOUND = 127,
};

/** output_failure() - print an error; returns the exit status that goes with it. */
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

/** output_lines() - print text of lines to standard output, made printable. */
void output_lines(const char *text);

/** output_warn_of_others() - print a warning if others than root and the caller can change a policy file. */
void output_warn_of_others(const char *path);

/**
 * output_flush() - end standard output; what could not be written is a failure.
 * @status: what the command would exit with
 */
int output_flush(int status);

/** output_json() - print a value over several lines; takes the reference. Return: exit status. */
int output_json(json_t *value);

/** output_json_line() - the same in one line. */
int output_json_line(json_t *value);

/**
 * output_json_text() - what these print, to be given to free(); NULL if out of memory.
 * @value: its reference is taken
 * @flags: JSON_COMPACT or JSON_INDENT(), of json_dumps()
 */
char *output_json_text(json_t *value, size_t flags);

/** output_json_string() - bytes that may not be UTF-8, as JSON must be: '?' stands for what is not ASCII then. */
json_t *output_json_string(const char *bytes);

/**
 * output_time() - a time of CLOCK_BOOTTIME as RFC 3339 in UTC, such as "2026-01-31T12:00:00.123456Z".
 * @boot_ns: nanoseconds since boot, suspension included
 */
void output_time(uint64_t boot_ns, char text[OUTPUT_TIME_SIZE]);

/** output_time_refresh() - take note that the clock may have been set; for what runs long. */
void output_time_refresh(void);
