// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/printable.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Control characters are those of C0, DEL, and those of C1: 0xc2 0x80 to 0xc2 0x9f in UTF-8, the second byte alone in
 * Latin-1.
 */
static size_t control_length(const unsigned char *text, bool is_utf8)
{
	if (*text < ' ' || *text == 0x7f)
		return 1;
	if (is_utf8)
		return text[0] == 0xc2 && text[1] < 0xa0 ? 2 : 0;
	return *text >= 0x80;
}

static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string;
}

char *printable_copy(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char *printable = malloc(4 * strlen(text) + 1);
	bool utf8 = is_utf8(text);
	char *to = printable;

	while (printable && *at) {
		size_t length = control_length(at, utf8);

		for (size_t i = 0; i < length; i++)
			to += sprintf(to, "\\x%02x", *at++);
		if (!length)
			*to++ = (char)*at++;
	}
	if (printable)
		*to = '\0';
	return printable;
}

/* JSON is UTF-8 and has escaped the characters of C0 already (RFC 8259, section 7). */
char *printable_json(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char *printable = malloc(6 * strlen(text) + 1);
	char *to = printable;

	while (printable && *at) {
		size_t length = *at == '\n' ? 0 : control_length(at, true);

		if (length)
			to += sprintf(to, "\\u%04x", at[length - 1]);
		else
			*to++ = (char)*at;
		at += length ? length : 1;
	}
	if (printable)
		*to = '\0';
	return printable;
}
