// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/lines.h"
#include "base/error.h"

#include <ctype.h>
#include <stdlib.h>
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

static void split(char *text, const char *separators, struct line *line)
{
	size_t key;

	text = line_strip(text);
	key = strcspn(text, separators);
	line->key = text + strlen(text);
	line->value = text;
	if (!text[key])
		return;
	text[key] = '\0';
	line->key = line_strip(text);
	line->value = unquote(line_strip(text + key + 1));
}

int lines_begin(const struct importing *import, struct lines *lines)
{
	const struct cgfence_import_source *source = &import->sources[0];

	*lines = (struct lines){ .text = strndup(source->text, source->length) };
	if (!lines->text)
		return error_out_of_memory(import->error);
	lines->next = lines->text;
	return 0;
}

char *lines_take(struct lines *lines)
{
	char *line = lines->next;
	char *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	lines->next = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	lines->number++;
	return line;
}

char *lines_take_joined(struct lines *lines, lines_continue *goes_on, size_t *number,
			bool *unfinished)
{
	bool more = true;
	char *whole = NULL;
	size_t used = 0;
	char *line;

	while (more && (line = lines_take(lines))) {
		more = goes_on(&line);
		if (!used) {
			whole = line;
			*number = lines->number;
		}
		/* What continues a line is behind it in the copy. */
		memmove(whole + used, line, strlen(line) + 1);
		used += strlen(line);
	}
	*unfinished = more && used;
	return whole;
}

bool lines_next(struct lines *lines, const char *separators, struct line *line)
{
	char *text;

	while ((text = lines_take(lines))) {
		const char *first = text + strspn(text, " \t\r");

		if (!*first || *first == '#')
			continue;
		line->number = lines->number;
		split(text, separators, line);
		return true;
	}
	return false;
}

void lines_end(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){ 0 };
}
