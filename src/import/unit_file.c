// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/unit_file.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "import/lines.h"

#include <stdio.h>
#include <string.h>

struct reading {
	unit_line_callback *read;
	void *context;
	const char *name;
	char section[64];
};

/* A whole line, with those that continue it. */
static int read_line(struct reading *reading, char *text, size_t number)
{
	char place[320];
	struct unit_line line = { .section = reading->section, .place = place };
	char *equals;

	text = line_strip(text);
	if (*text == '[') {
		snprintf(reading->section, sizeof(reading->section), "%s", text + 1);
		reading->section[strcspn(reading->section, "]")] = '\0';
		return 0;
	}
	equals = strchr(text, '=');
	if (!equals)
		return 0;
	*equals = '\0';
	snprintf(place, sizeof(place), "%s:%zu", reading->name, number);
	line.key = line_strip(text);
	line.value = line_strip(equals + 1);
	return reading->read(&line, reading->context);
}

/* Of several backslashes at the end each odd one escapes the next; a blank behind them ends the line. */
static bool continues(const char *line, size_t length)
{
	size_t count = 0;

	while (count < length && line[length - 1 - count] == '\\')
		count++;
	return count % 2 == 1;
}

static char *skip_byte_order_mark(char *text)
{
	return strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

/* \n, \r, or one behind the other ends a line (read_line() of systemd). Return: what follows; NULL at the end. */
static char *cut_line(char *text)
{
	char *end = strpbrk(text, "\r\n");
	char mark;

	if (!end)
		return NULL;
	mark = *end;
	*end++ = '\0';
	return *end != mark && (*end == '\r' || *end == '\n') ? end + 1 : end;
}

/* A backslash at the end of a line becomes a blank; comments between continued lines are passed over. */
static int read_text(struct reading *reading, char *text, char *joined)
{
	size_t used = 0;
	size_t first = 0;
	int result = 0;
	char *next;

	for (size_t number = 1; text && result == 0; number++, text = next) {
		const char *line = text + strspn(text, " \t");

		next = cut_line(text);
		if (*line == '#' || *line == ';' || (!*line && !used))
			continue;
		if (!used)
			first = number;
		memcpy(joined + used, line, strlen(line) + 1);
		used += strlen(line);
		if (continues(joined, used) && next) {
			joined[used - 1] = ' ';
			continue;
		}
		result = read_line(reading, joined, first);
		used = 0;
	}
	return result == 0 && used ? read_line(reading, joined, first) : result;
}

static int read_source(const struct importing *import, const struct cgfence_import_source *source,
		       unit_line_callback *read, void *context)
{
	struct reading reading = { .read = read, .context = context, .name = source->name };
	cleanup_free char *text = strndup(source->text, source->length);
	cleanup_free char *joined = malloc(source->length + 1);

	if (!text || !joined)
		return error_out_of_memory(import->error);
	return read_text(&reading, skip_byte_order_mark(text), joined);
}

int unit_file_read(const struct importing *import, unit_line_callback *read, void *context)
{
	int result = 0;

	for (size_t i = 0; i < import->source_count && result == 0; i++)
		result = read_source(import, &import->sources[i], read, context);
	return result;
}

char *unit_file_word(char **value)
{
	char *from = *value + strspn(*value, " \t");
	char *word = from;
	char *to = from;
	char quote = 0;

	if (!*from)
		return NULL;
	for (; *from && (quote || !strchr(" \t", *from)); from++) {
		if (quote ? *from == quote : strchr("'\"", *from) != NULL) {
			quote = quote ? 0 : *from;
			continue;
		}
		/* A backslash takes the meaning of what follows. */
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	if (quote)
		return NULL;
	*value = from + (*from != '\0');
	*to = '\0';
	return word;
}

void unit_file_simplify_path(char *path)
{
	const char *from = path;
	char *to = path;

	if (*path != '/')
		return;
	while (*from) {
		size_t length;

		from += strspn(from, "/");
		length = strcspn(from, "/");
		if (length && (length > 1 || *from != '.')) {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	if (to == path)
		to++;
	*to = '\0';
}

bool unit_file_goes_up(const char *path)
{
	for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/..")) {
		if (!at[3] || at[3] == '/')
			return true;
	}
	return false;
}
