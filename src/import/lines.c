// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/lines.h"

#include <ctype.h>
#include <string.h>

char *line_strip(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

static char *unquote(char *text)
{
	size_t length = strlen(text);

	if (length < 2 || !strchr("'\"", *text) || text[length - 1] != *text)
		return text;
	text[length - 1] = '\0';
	return text + 1;
}

static void split(struct line *line, const char *separators)
{
	char *text = line_strip(line->text);
	size_t key = strcspn(text, separators);

	line->key = "";
	line->value = text;
	if (!text[key])
		return;
	text[key] = '\0';
	line->key = line_strip(text);
	line->value = unquote(line_strip(text + key + 1));
}

bool lines_next(const char **text, size_t *length, const char *separators, struct line *line)
{
	while (*length) {
		const char *end = memchr(*text, '\n', *length);
		size_t size = end ? (size_t)(end - *text) : *length;
		size_t kept = size < LINE_SIZE - 1 ? size : LINE_SIZE - 1;
		const char *first;

		memcpy(line->text, *text, kept);
		line->text[kept] = '\0';
		line->number++;
		*text += size + !!end;
		*length -= size + !!end;
		first = line->text + strspn(line->text, " \t\r");
		if (*first && *first != '#') {
			split(line, separators);
			return true;
		}
	}
	return false;
}
