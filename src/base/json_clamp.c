// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_clamp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest integer; the smallest has as many digits. */
static const char largest[] = "9223372036854775807";

#define DIGITS (sizeof(largest) - 1)

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

/* Return: past the closing quote. */
static size_t skip_string(const char *text, size_t length, size_t at)
{
	for (at++; at < length && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at + 1;
}

static bool is_too_large(const char *digits, size_t count)
{
	return count > DIGITS || (count == DIGITS && memcmp(digits, largest, DIGITS) > 0);
}

/* Blanks may follow a number, so that the text keeps its length. Return: past the digits. */
static size_t clamp(char *text, size_t length, size_t at)
{
	size_t end = at;

	while (end < length && is_digit(text[end]))
		end++;
	if (end < length && strchr(".eE", text[end]))
		return end;
	if (is_too_large(text + at, end - at)) {
		for (size_t i = at; i < end; i++)
			text[i] = i - at < DIGITS ? largest[i - at] : ' ';
	}
	return end;
}

void json_clamp_integers(char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		bool in_number = at && (is_digit(text[at - 1]) || strchr(".eE+", text[at - 1]));

		if (text[at] == '"')
			at = skip_string(text, length, at);
		else if (is_digit(text[at]) && !in_number)
			at = clamp(text, length, at);
		else
			at++;
	}
}
