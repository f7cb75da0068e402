// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/output.h"
#include "base/cleanup.h"
#include "report/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

/* The formatted text, made printable, to be given to free(); NULL if out of memory. */
static char *format_printable(const char *format, va_list arguments)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	return text ? printable_copy(text) : NULL;
}

void output_complain(const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = format_printable(format, arguments);
	va_end(arguments);
	if (!text || !*text)
		fputs("cgfence: out of memory.\n", stderr);
	else
		fprintf(stderr, "cgfence: %s%s\n", text, text[strlen(text) - 1] == '?' ? "" : ".");
}

int output_failure(const struct cgfence_error *error)
{
	output_complain("%s", error->text);
	return error->invalid_input ? STATUS_INVALID : STATUS_FAILED;
}

void output_say(const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = format_printable(format, arguments);
	va_end(arguments);
	puts(text ? text : "out of memory");
}

void output_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		output_say("%.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

void output_warn_of_others(const char *path)
{
	struct cgfence_error error = { 0 };

	if (cgfence_policy_file_check(path, &error) == -EPERM)
		output_complain("warning: %s", error.text);
}

/* A place for what is written to a closed descriptor, since a file that is opened later would take it. */
static void occupy(int descriptor)
{
	cleanup_close int place = -1;

	if (fcntl(descriptor, F_GETFD) >= 0)
		return;
	/* What this refers to cannot be written to. Programs that are executed find the descriptor closed, as it was. */
	place = open("/", O_PATH | O_CLOEXEC);
	if (place == descriptor)
		cleanup_steal_descriptor(&place);
	else if (place >= 0)
		dup3(place, descriptor, O_CLOEXEC);
}

void output_begin(void)
{
	occupy(STDOUT_FILENO);
	occupy(STDERR_FILENO);
}

void output_outlive_reader(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* Of the first push that failed; 0 if none did. */
static int push_error;

/* What an earlier write left fails again, and for the same reason. */
void output_push(void)
{
	if (fflush(stdout) && !push_error)
		push_error = errno;
}

int output_flush(int status)
{
	output_push();
	if (!ferror(stdout))
		return status;
	output_complain("cannot write to standard output%s%s", push_error ? ": " : "",
			push_error ? strerror(push_error) : "");
	return STATUS_FAILED;
}

char *output_json_text(json_t *value, size_t flags)
{
	cleanup_free char *text = value ? json_dumps(value, flags) : NULL;

	json_decref(value);
	return text ? printable_json(text) : NULL;
}

static int print_json(json_t *value, size_t flags)
{
	cleanup_free char *text = output_json_text(value, flags);

	if (!text) {
		output_complain("out of memory while writing JSON");
		return STATUS_FAILED;
	}
	puts(text);
	return STATUS_DONE;
}

int output_json(json_t *value)
{
	return print_json(value, JSON_INDENT(2));
}

int output_json_line(json_t *value)
{
	return print_json(value, JSON_COMPACT);
}

json_t *output_json_string(const char *bytes)
{
	json_t *string = bytes ? json_string(bytes) : json_null();
	char *ascii;

	if (string || !bytes)
		return string;
	ascii = strdup(bytes);
	for (char *at = ascii; at && *at; at++) {
		if (*at & 0x80)
			*at = '?';
	}
	if (ascii)
		string = json_string(ascii);
	free(ascii);
	return string;
}

static int64_t read_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Read once, so that equal times print equally. */
static int64_t boot_to_real_ns;

void output_time_refresh(void)
{
	boot_to_real_ns = 0;
}

void output_time(uint64_t boot_ns, char text[OUTPUT_TIME_SIZE])
{
	int64_t ns;
	time_t seconds;
	char date[40];
	struct tm tm;

	if (!boot_to_real_ns)
		boot_to_real_ns = read_clock_ns(CLOCK_REALTIME) - read_clock_ns(CLOCK_BOOTTIME);
	ns = boot_to_real_ns + (int64_t)boot_ns;
	seconds = (time_t)(ns / NS_PER_S);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, OUTPUT_TIME_SIZE, "%s.%06dZ", date, (int)(ns % NS_PER_S / 1000) % 1000000);
}
