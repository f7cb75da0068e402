// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Slurm with ConstrainDevices=yes: a job is refused the devices of gres.conf(5) that it was not given, and no others. */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/lines.h"
#include "import/part.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* As many devices as a node has generic resources. */
#define DEVICES_MAX 4096

struct reading {
	struct importing *import;
	size_t line;
	size_t count;
	json_t *given; /* those of --part that the file has */
};

static int refuse(const struct reading *reading, const char *text)
{
	return error_set_invalid(
		reading->import->error,
		"%s:%zu: '%s': this must be paths of devices, such as /dev/nvidia[0-3]",
		reading->import->sources[0].name, reading->line, text);
}

static int deny(struct reading *reading, const char *path)
{
	cleanup_free char *entry = NULL;
	int result;

	if (part_names(reading->import, path)) {
		json_array_append_new(reading->given, json_string(path));
		return 0;
	}
	if (*path != '/' || strpbrk(path, "*?[] ") || reading->count++ == DEVICES_MAX)
		return refuse(reading, path);
	if (asprintf(&entry, "%s rwm", path) < 0) {
		entry = NULL;
		return error_out_of_memory(reading->import->error);
	}
	result = draft_add_entry(reading->import, "deny", entry);
	if (result == -EINVAL)
		error_wrap(reading->import->error, "%s:%zu: '%s'", reading->import->sources[0].name,
			   reading->line, path);
	return result;
}

/* "0-3,7": the first number tells how many digits there are at least. */
static int deny_range(struct reading *reading, const char *before, const char *range,
		      const char *after)
{
	unsigned int low = 0;
	unsigned int high = 0;
	int width = (int)strspn(range, "0123456789");
	int fields = sscanf(range, "%u-%u", &low, &high);
	int result = 0;

	if (fields == 1)
		high = low;
	if (fields < 1 || high < low || high - low >= DEVICES_MAX || width > 9)
		return refuse(reading, range);
	for (unsigned int i = low; i <= high && result == 0; i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s%0*u%s", before, width, i, after) < 0) {
			path = NULL;
			return error_out_of_memory(reading->import->error);
		}
		result = deny(reading, path);
	}
	return result;
}

static int deny_word(struct reading *reading, char *word)
{
	char *open = strchr(word, '[');
	char *close = open ? strchr(open, ']') : NULL;
	char *range;
	int result = 0;

	if (!open)
		return deny(reading, word);
	if (!close)
		return refuse(reading, word);
	*open++ = '\0';
	*close++ = '\0';
	while (result == 0 && (range = strsep(&open, ",")))
		result = deny_range(reading, word, range, close);
	return result;
}

/* Commas separate words, except in brackets. */
static int deny_words(struct reading *reading, char *text)
{
	int result = 0;

	while (*text && result == 0) {
		size_t length = 0;
		bool inside = false;
		char *next;

		for (; text[length] && (inside || text[length] != ','); length++)
			inside = text[length] == '[' || (inside && text[length] != ']');
		next = text + length + (text[length] == ',');
		text[length] = '\0';
		result = deny_word(reading, text);
		text = next;
	}
	return result;
}

/* Blanks may stand around '=', and quotes around the value. Return: its first character after what was taken. */
static char *split_pair(char *text, char **key, char **value)
{
	char *end;

	*key = text;
	text += strcspn(text, "= \t");
	end = text;
	text += strspn(text, " \t");
	if (*text != '=') {
		*value = NULL;
		return text;
	}
	*end = '\0';
	text++;
	text += strspn(text, " \t");
	end = *text == '"' ? strchr(text + 1, '"') : NULL;
	*value = text + !!end;
	if (!end)
		end = text + strcspn(text, " \t");
	text = end + (*end != '\0');
	*end = '\0';
	return text + strspn(text, " \t");
}

static int read_line(struct reading *reading, char *text)
{
	int result = 0;

	text[strcspn(text, "#")] = '\0';
	if (strncasecmp(text, "Include", 7) == 0 && strchr(" \t", text[7]))
		importing_remark(
			reading->import,
			"%s:%zu: what the included file has is not read; its devices are allowed",
			reading->import->sources[0].name, reading->line);
	while (*text && result == 0) {
		char *key;
		char *value;

		text = split_pair(text, &key, &value);
		if (value &&
		    (strcasecmp(key, "File") == 0 || strcasecmp(key, "MultipleFiles") == 0))
			result = deny_words(reading, value);
	}
	return result;
}

static void remark_given(const struct reading *reading)
{
	char unknown[256];

	if (!reading->import->part)
		importing_remark(
			reading->import,
			"%s: the job was given none of the devices; --part names those that it was given",
			reading->import->sources[0].name);
	else if (part_unknown(reading->import, reading->given, unknown, sizeof(unknown)))
		importing_remark(
			reading->import,
			"%s: no File= has '%s', which --part names; it is written as there",
			reading->import->sources[0].name, unknown);
}

int import_read_slurm(struct importing *import)
{
	const char *text = import->sources[0].text;
	size_t length = import->sources[0].length;
	cleanup_json json_t *given = json_array();
	struct reading reading = { .import = import, .given = given };
	struct line line = { 0 };
	int result = draft_add_entry(import, "allow", "a *:* rwm");

	while (result == 0 && lines_next(&text, &length, "", &line)) {
		reading.line = line.number;
		if (strcasestr(line.value, "AutoDetect="))
			importing_remark(
				import,
				"%s:%zu: devices that AutoDetect finds are not known here; what they are is allowed",
				import->sources[0].name, line.number);
		result = read_line(&reading, line.text + (line.value - line.text));
	}
	if (result == 0)
		remark_given(&reading);
	return result;
}
