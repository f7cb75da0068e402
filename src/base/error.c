// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char left_out[] = "...";

#define LEFT_OUT_LENGTH (sizeof(left_out) - 1)

/* So much of a word stays, or else its middle is not left out. */
#define WORD_LEAST 128

static char *find_longest_word(char *text, size_t *length)
{
	char *longest = text;

	*length = 0;
	while (*text) {
		size_t here = strcspn(text, " ");

		if (here > *length) {
			longest = text;
			*length = here;
		}
		text += here + strspn(text + here, " ");
	}
	return longest;
}

static bool is_within_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Return: is it shorter by at most @excess bytes now? */
static bool shorten(char *text, size_t excess)
{
	size_t length;
	char *word = find_longest_word(text, &length);
	size_t cut = excess + LEFT_OUT_LENGTH;
	char *from;
	char *to;

	if (length < WORD_LEAST + cut)
		cut = length > WORD_LEAST ? length - WORD_LEAST : 0;
	from = word + (length - cut) / 2;
	to = from + cut;
	while (from > word && is_within_character(*from))
		from--;
	while (is_within_character(*to))
		to++;
	if (to - from <= (ptrdiff_t)LEFT_OUT_LENGTH)
		return false;
	from = mempcpy(from, left_out, LEFT_OUT_LENGTH);
	memmove(from, to, strlen(to) + 1);
	return true;
}

/* The reason is at the end, and the middle of a path may be missed: a cgroup's may be longer than any text. */
static void keep(struct cgfence_error *error, char *text)
{
	size_t length = strlen(text);

	while (length >= sizeof(error->text) && shorten(text, length - (sizeof(error->text) - 1)))
		length = strlen(text);
	snprintf(error->text, sizeof(error->text), "%s", text);
}

static void error_fill(struct cgfence_error *error, bool invalid_input, const char *format,
		       va_list arguments)
{
	cleanup_free char *text = NULL;
	va_list again;
	int length;

	if (!error)
		return;
	error->invalid_input = invalid_input;
	va_copy(again, arguments);
	length = vsnprintf(error->text, sizeof(error->text), format, arguments);
	if (length >= (int)sizeof(error->text)) {
		if (vasprintf(&text, format, again) < 0)
			text = NULL;
		if (text)
			keep(error, text);
	}
	va_end(again);
}

int error_set(struct cgfence_error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, false, format, arguments);
	va_end(arguments);
	return -code;
}

int error_set_invalid(struct cgfence_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, true, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int error_out_of_memory(struct cgfence_error *error)
{
	return error_set(error, ENOMEM, "out of memory");
}

void error_wrap(struct cgfence_error *error, const char *format, ...)
{
	cleanup_free char *context = NULL;
	cleanup_free char *text = NULL;
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	if (vasprintf(&context, format, arguments) < 0)
		context = NULL;
	va_end(arguments);
	/* Without memory for the context there is the reason. */
	if (!context || asprintf(&text, "%s: %s", context, error->text) < 0) {
		text = NULL;
		return;
	}
	keep(error, text);
}

bool error_is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}
