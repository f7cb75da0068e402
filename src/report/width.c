// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/width.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* The locale of the environment may not have UTF-8, so switch to one that has; the caller switches back. */
static locale_t enter_utf8(void)
{
	static locale_t utf8;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	return uselocale(utf8);
}

/* Return: the bytes of the first character of @text, with its columns; negative ones are not known. */
static size_t look(const char *text, int *columns)
{
	mbstate_t state = { 0 };
	wchar_t character = L'\0';
	size_t length = mbrtowc(&character, text, strlen(text), &state);

	if (length == 0 || length > strlen(text)) { /* not UTF-8 */
		*columns = -1;
		return 1;
	}
	*columns = wcwidth(character);
	return length;
}

static size_t measure(const char *text, size_t *columns)
{
	int width;
	size_t length = look(text, &width);

	*columns = width < 0 ? 1 : (size_t)width;
	return length;
}

static size_t sum(const char *text)
{
	size_t total = 0;

	while (*text) {
		size_t columns;

		text += measure(text, &columns);
		total += columns;
	}
	return total;
}

/* The number of bytes at the beginning of @text that take at most @columns. */
static size_t beginning(const char *text, size_t columns)
{
	const char *at = text;

	while (*at) {
		size_t taken;
		size_t length = measure(at, &taken);

		if (taken > columns)
			break;
		columns -= taken;
		at += length;
	}
	return (size_t)(at - text);
}

/* The longest end of @text that takes at most @columns. */
static const char *end(const char *text, size_t columns)
{
	size_t total = sum(text);

	while (total > columns) {
		size_t dropped;

		text += measure(text, &dropped);
		total -= dropped;
	}
	return text;
}

size_t width_of(const char *text)
{
	locale_t before = enter_utf8();
	size_t total = sum(text);

	uselocale(before);
	return total;
}

char *width_shorten(const char *text, size_t columns)
{
	locale_t before = enter_utf8();
	char *shortened = NULL;
	int result;

	if (sum(text) <= columns)
		result = asprintf(&shortened, "%s", text);
	else if (*text == '/')
		result = asprintf(&shortened, ELLIPSIS "%s", end(text, columns ? columns - 1 : 0));
	else
		result = asprintf(&shortened, "%.*s" ELLIPSIS,
				  (int)beginning(text, columns ? columns - 1 : 0), text);
	uselocale(before);
	return result < 0 ? NULL : shortened;
}

static char *substitute(const char *text, bool ascii)
{
	/* No character has more columns than bytes. */
	char *substituted = malloc(strlen(text) + 1);
	char *to = substituted;

	while (substituted && *text) {
		int columns;
		size_t length = look(text, &columns);
		bool stays = columns >= 0 && (!ascii || length == 1);

		if (stays)
			to = mempcpy(to, text, length);
		else if (strncmp(text, ELLIPSIS, strlen(ELLIPSIS)) == 0)
			*to++ = '~';
		else
			for (int i = columns < 0 ? 1 : columns; i > 0; i--)
				*to++ = '?';
		text += length;
	}
	if (substituted)
		*to = '\0';
	return substituted;
}

char *width_substitute(const char *text, bool ascii)
{
	locale_t before = enter_utf8();
	char *substituted = substitute(text, ascii);

	uselocale(before);
	return substituted;
}
