// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "exposition.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 4096
#define NAME_SIZE 128

struct family {
	char name[NAME_SIZE];
	char type[16];
	bool described;
};

struct reading {
	bool openmetrics;
	struct family family;		  /* the one that samples belong to now */
	char names[LINES_MAX][NAME_SIZE]; /* of all families so far */
	size_t family_count;
	char *series[LINES_MAX];
	size_t series_count;
};

static size_t name_length(const char *text, bool colons)
{
	size_t length = 0;

	while ((text[length] >= 'a' && text[length] <= 'z') ||
	       (text[length] >= 'A' && text[length] <= 'Z') || text[length] == '_' ||
	       (colons && text[length] == ':') ||
	       (length && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

/* "# HELP name text" begins a family, and "# TYPE name type" follows. */
static void read_description(struct reading *reading, const char *line)
{
	struct family *family = &reading->family;
	bool help = strncmp(line, "# HELP ", 7) == 0;
	const char *name = line + 7;
	size_t length = name_length(name, true);

	cr_assert(help || strncmp(line, "# TYPE ", 7) == 0, "'%s'", line);
	cr_assert(length && length < NAME_SIZE && name[length] == ' ', "'%s'", line);
	if (help) {
		cr_assert_neq(name[length + 1], '\0', "'%s'", line);
		*family = (struct family){ 0 };
		memcpy(family->name, name, length);
		for (size_t i = 0; i < reading->family_count; i++)
			cr_assert_str_neq(reading->names[i], family->name, "it is there twice");
		cr_assert_lt(reading->family_count, LINES_MAX);
		strcpy(reading->names[reading->family_count++], family->name);
		return;
	}
	cr_assert(strlen(family->name) == length && strncmp(family->name, name, length) == 0,
		  "'%s' is not after its help", line);
	cr_assert_str_eq(family->type, "", "'%s' is the second", line);
	snprintf(family->type, sizeof(family->type), "%s", name + length + 1);
	cr_assert(strcmp(family->type, "gauge") == 0 || strcmp(family->type, "counter") == 0 ||
			  (reading->openmetrics && strcmp(family->type, "info") == 0),
		  "'%s'", line);
}

/* Return: what follows the labels. */
static const char *skip_labels(const char *at, const char *line)
{
	while (*at != '}') {
		size_t length = name_length(at, false);

		cr_assert(length && at[length] == '=' && at[length + 1] == '"', "'%s'", line);
		for (at += length + 2; *at != '"'; at++) {
			cr_assert(*at, "'%s' has a label without an end", line);
			if (*at == '\\') {
				at++;
				cr_assert(*at == '\\' || *at == '"' || *at == 'n', "'%s'", line);
			}
		}
		at++;
		cr_assert(*at == '}' || (*at == ',' && at[1] != '}'), "'%s'", line);
		at += *at == ',';
	}
	return at + 1;
}

static const char *suffix_of(const struct reading *reading)
{
	if (!reading->openmetrics)
		return "";
	return strcmp(reading->family.type, "counter") == 0 ? "_total"
	       : strcmp(reading->family.type, "info") == 0  ? "_info"
							    : "";
}

static void read_sample(struct reading *reading, const char *line)
{
	size_t length = name_length(line, true);
	const char *at = line[length] == '{' ? skip_labels(line + length + 1, line) : line + length;
	char expected[NAME_SIZE + 16];
	char *series;
	char *end;
	double value;

	cr_assert_str_neq(reading->family.type, "", "'%s' has no family", line);
	snprintf(expected, sizeof(expected), "%s%s", reading->family.name, suffix_of(reading));
	cr_assert(strlen(expected) == length && strncmp(line, expected, length) == 0,
		  "'%s' is not of the family %s", line, reading->family.name);
	if (strcmp(reading->family.type, "counter") == 0)
		cr_assert(length > 6 && strncmp(line + length - 6, "_total", 6) == 0, "'%s'", line);
	cr_assert_eq(*at, ' ', "'%s'", line);
	value = strtod(at + 1, &end);
	cr_assert(end > at + 1 && !*end, "'%s' has no number alone", line);
	cr_assert(value >= 0, "'%s'", line);
	series = strndup(line, (size_t)(at - line));
	for (size_t i = 0; i < reading->series_count; i++)
		cr_assert_str_neq(reading->series[i], series, "it is there twice");
	cr_assert_lt(reading->series_count, LINES_MAX);
	reading->series[reading->series_count++] = series;
}

void exposition_check(const char *text, bool openmetrics)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	json_t *utf8 = json_string(text);
	const char *at = text;
	bool ended = false;

	reading->openmetrics = openmetrics;
	cr_assert(utf8, "it is not UTF-8");
	json_decref(utf8);
	while (*at) {
		size_t length = strcspn(at, "\n");
		char *line = strndup(at, length);

		cr_assert_eq(at[length], '\n', "the last line has no end");
		cr_assert_not(ended, "'%s' is after the end", line);
		cr_assert(*line && !strpbrk(line, "\r\t"), "'%s'", line);
		if (openmetrics && strcmp(line, "# EOF") == 0)
			ended = true;
		else if (*line == '#')
			read_description(reading, line);
		else
			read_sample(reading, line);
		free(line);
		at += length + 1;
	}
	cr_assert_eq(ended, openmetrics);
	for (size_t i = 0; i < reading->series_count; i++)
		free(reading->series[i]);
	free(reading);
}

static const char *find(const char *text, const char *series)
{
	size_t length = strlen(series);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, series, length) == 0 && at[length] == ' ')
			return at + length + 1;
	}
	return NULL;
}

bool exposition_has(const char *text, const char *series)
{
	return find(text, series);
}

double exposition_value(const char *text, const char *series)
{
	const char *value = find(text, series);

	cr_assert(value, "there is no %s in '%s'", series, text);
	return strtod(value, NULL);
}
