// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/output.h"
#include "report/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL

int output_failure(const struct cgfence_error *error)
{
	fprintf(stderr, "cgfence: %s.\n", error->text);
	return error->invalid_input ? STATUS_INVALID : STATUS_FAILED;
}

void output_complain(const char *format, ...)
{
	char *printable = NULL;
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text)
		printable = printable_copy(text);
	if (printable)
		fprintf(stderr, "cgfence: %s\n", printable);
	free(printable);
	free(text);
}

int output_flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "cgfence: cannot write to standard output: %s.\n", strerror(errno));
	return STATUS_FAILED;
}

int output_json(json_t *value)
{
	bool written = value && json_dumpf(value, stdout, JSON_INDENT(2)) == 0;

	json_decref(value);
	if (!written) {
		fprintf(stderr, "cgfence: cannot write JSON to standard output.\n");
		return STATUS_FAILED;
	}
	putchar('\n');
	return STATUS_DONE;
}

json_t *output_json_string(const char *bytes)
{
	json_t *string = json_string(bytes);
	char *ascii = string ? NULL : strdup(bytes);

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

/* Read once, so that equal times print alike. */
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
