// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/unit_type.h"

#include <string.h>

static const struct unit_type types[] = {
	{ "Service", "service", true }, { "Socket", "socket", true }, { "Mount", "mount", true },
	{ "Swap", "swap", true },	{ "Slice", "slice", false },  { "Scope", "scope", false },
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

const struct unit_type *unit_type_of_section(const char *section)
{
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		if (strcmp(types[i].section, section) == 0)
			return &types[i];
	}
	return NULL;
}

static bool has_suffix(const char *name, size_t length, const char *suffix)
{
	size_t size = strlen(suffix);

	return length > size && name[length - size - 1] == '.' &&
	       strncmp(name + length - size, suffix, size) == 0;
}

/* "x.slice.d", or "slice.d" for all units of the type */
static bool is_directory_of(const char *name, size_t length, const char *suffix)
{
	if (!has_suffix(name, length, "d"))
		return false;
	length -= 2;
	return has_suffix(name, length, suffix) ||
	       (length == strlen(suffix) && strncmp(name, suffix, length) == 0);
}

static const struct unit_type *type_of_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *directory = slash ? memrchr(path, '/', (size_t)(slash - path)) : NULL;
	size_t length;

	directory = directory ? directory + 1 : path;
	length = slash ? (size_t)(slash - directory) : 0;
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		if (has_suffix(name, strlen(name), types[i].suffix) ||
		    is_directory_of(directory, length, types[i].suffix))
			return &types[i];
	}
	return NULL;
}

const struct unit_type *unit_type_of_sources(const struct importing *import)
{
	const struct unit_type *type = NULL;

	for (size_t i = 0; i < import->source_count && !type; i++)
		type = type_of_file(import->sources[i].name);
	return type;
}
