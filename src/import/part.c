// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/part.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

json_t *part_keys(const json_t *object)
{
	json_t *names = json_array();
	const json_t *value;
	const char *key;

	json_object_foreach ((json_t *)object, key, value)
		json_array_append_new(names, json_string(key));
	return names;
}

json_t *part_values(const json_t *list, const char *key)
{
	json_t *names = json_array();
	const json_t *element;
	size_t index;

	json_array_foreach (list, index, element) {
		json_t *name = json_object_get(element, key);

		if (json_is_string(name))
			json_array_append(names, name);
	}
	return names;
}

static void join(const json_t *names, char *text, size_t size)
{
	const json_t *name;
	size_t used = 0;
	size_t index;

	json_array_foreach (names, index, name) {
		const char *string = json_string_value(name);

		if (used + strlen(string) + 6 > size) {
			snprintf(text + used, size - used, ", ...");
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%s", index ? ", " : "",
					 string);
	}
}

int part_refuse(const struct importing *import, const char *where, json_t *names)
{
	const char *name = import->sources[0].name;
	char all[200] = "";

	join(names, all, sizeof(all));
	json_decref(names);
	if (import->part)
		return error_set_invalid(import->error, "%s: %s: there is no '%s'%s%s", name, where,
					 import->part, *all ? ", but " : "", all);
	if (*all)
		return error_set_invalid(import->error, "%s: %s: name one of these with --part: %s",
					 name, where, all);
	return error_set_invalid(import->error, "%s: %s: there are none", name, where);
}

/* Each name of --part in its turn. Return: false after the last. */
static bool next_name(const char **part, const char **name, size_t *length)
{
	if (!*part || !**part)
		return false;
	*name = *part;
	*length = strcspn(*part, ",");
	*part += *length + ((*part)[*length] == ',');
	return true;
}

bool part_names(const struct importing *import, const char *name)
{
	const char *part = import->part;
	const char *given;
	size_t length;

	while (next_name(&part, &given, &length)) {
		if (length == strlen(name) && strncmp(given, name, length) == 0)
			return true;
	}
	return false;
}

bool part_unknown(const struct importing *import, const json_t *names, char *text, size_t size)
{
	const char *part = import->part;
	const char *given;
	size_t length;

	while (next_name(&part, &given, &length)) {
		const json_t *name;
		bool found = false;
		size_t index;

		json_array_foreach (names, index, name)
			found |= json_string_length(name) == length &&
				 strncmp(json_string_value(name), given, length) == 0;
		if (!found) {
			snprintf(text, size, "%.*s", (int)length, given);
			return true;
		}
	}
	return false;
}
