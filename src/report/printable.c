// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/printable.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/*
 * What steers a terminal, or changes how the text around it looks without being seen: the control characters of C0, DEL
 * and C1, and the characters of the categories Cf, Zl and Zp of Unicode that have no shape of their own.
 */
static const struct range unprintable[] = {
	{ 0x00, 0x1f },	      /* C0 */
	{ 0x7f, 0x9f },	      /* DEL and C1 */
	{ 0xad, 0xad },	      /* soft hyphen */
	{ 0x61c, 0x61c },     /* Arabic letter mark */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200f },   /* of no width, and marks of direction */
	{ 0x2028, 0x202e },   /* separators of lines and paragraphs, overrides of direction */
	{ 0x2060, 0x206f },   /* joiners, invisible operators, isolates */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* annotations */
	{ 0x1d173, 0x1d17a }, /* of musical notation */
	{ 0xe0000, 0xe007f }, /* tags */
};

static bool is_unprintable(uint32_t character)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
		if (character >= unprintable[i].first && character <= unprintable[i].last)
			return true;
	}
	return false;
}

/* @text: in UTF-8. Return: the bytes of its first character. */
static size_t decode(const unsigned char *text, uint32_t *character)
{
	size_t whole = *text < 0xc0 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	size_t length = 1;

	*character = whole == 1 ? *text : *text & (0x7fU >> whole);
	for (; length < whole && (text[length] & 0xc0) == 0x80; length++)
		*character = *character << 6 | (text[length] & 0x3f);
	return length;
}

/* A text that is not UTF-8 may be taken for Latin-1, where 0x80 to 0x9f steer; none of its bytes is spared then. */
static size_t look(const unsigned char *text, bool is_utf8, bool *escape)
{
	uint32_t character = *text;
	size_t length = is_utf8 ? decode(text, &character) : 1;

	*escape = is_unprintable(character) || (!is_utf8 && character >= 0x80);
	return length;
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
		bool escape;

		for (size_t length = look(at, utf8, &escape); length; length--, at++) {
			if (escape)
				to += sprintf(to, "\\x%02x", *at);
			else
				*to++ = (char)*at;
		}
	}
	if (printable)
		*to = '\0';
	return printable;
}

/* Beyond 16 bits JSON takes a pair of surrogates (RFC 8259, section 7). */
static char *escape_json(char *to, uint32_t character)
{
	uint32_t beyond = character - 0x10000;

	if (character < 0x10000)
		return to + sprintf(to, "\\u%04x", character);
	return to + sprintf(to, "\\u%04x\\u%04x", 0xd800 | beyond >> 10, 0xdc00 | (beyond & 0x3ff));
}

/* JSON is UTF-8 and has escaped the characters of C0 already (RFC 8259, section 7). */
char *printable_json(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char *printable = malloc(6 * strlen(text) + 1);
	char *to = printable;

	while (printable && *at) {
		uint32_t character;
		size_t length = decode(at, &character);

		if (character != '\n' && is_unprintable(character))
			to = escape_json(to, character);
		else
			to = mempcpy(to, at, length);
		at += length;
	}
	if (printable)
		*to = '\0';
	return printable;
}
