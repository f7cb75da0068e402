// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "entries.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_COUNT 14

/* Majors that nothing in the list above has, with as many minors each as a driver may well have. */
#define FILLER_MAJOR 200
#define FILLER_MINORS 64

static const struct entry defaults[DEFAULT_COUNT] = {
	{ 'c', -1, -1, "m" }, { 'b', -1, -1, "m" },    { 'c', 5, 1, "rwm" },
	{ 'c', 4, 0, "rwm" }, { 'c', 4, 1, "rwm" },    { 'c', 136, -1, "rwm" },
	{ 'c', 5, 2, "rwm" }, { 'c', 10, 200, "rwm" }, { 'c', 1, 3, "rwm" },
	{ 'c', 1, 5, "rwm" }, { 'c', 1, 7, "rwm" },    { 'c', 5, 0, "rwm" },
	{ 'c', 1, 9, "rwm" }, { 'c', 1, 8, "rwm" },
};

struct entry entries_get(size_t index, const char *access)
{
	int filler = (int)index - DEFAULT_COUNT;

	if (index < DEFAULT_COUNT)
		return defaults[index];
	return (struct entry){ 'c', FILLER_MAJOR + filler / FILLER_MINORS, filler % FILLER_MINORS,
			       access };
}

static void print_number(FILE *file, int number)
{
	if (number < 0)
		fputc('*', file);
	else
		fprintf(file, "%d", number);
}

char *entries_policy(size_t count, const char *access, bool enforce)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		abort();
	fprintf(file, "{'enforce': %s, 'devices': {'allow': [", enforce ? "true" : "false");
	for (size_t i = 0; i < count; i++) {
		struct entry entry = entries_get(i, access);

		fprintf(file, "%s'%c ", i ? ", " : "", entry.type);
		print_number(file, entry.major);
		fputc(':', file);
		print_number(file, entry.minor);
		fprintf(file, " %s'", entry.access);
	}
	fprintf(file, "]}}");
	fclose(file);
	return text;
}

json_t *entries_runc(size_t count, const char *access)
{
	json_t *list = json_array();

	json_array_append_new(list, json_pack("{s:b, s:s}", "allow", 0, "access", "rwm"));
	for (size_t i = 0; i < count; i++) {
		struct entry entry = entries_get(i, access);
		json_t *rule = json_pack("{s:b, s:s#, s:s}", "allow", 1, "type", &entry.type, 1,
					 "access", entry.access);

		if (entry.major >= 0)
			json_object_set_new(rule, "major", json_integer(entry.major));
		if (entry.minor >= 0)
			json_object_set_new(rule, "minor", json_integer(entry.minor));
		json_array_append_new(list, rule);
	}
	return list;
}
