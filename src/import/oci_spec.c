// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/oci_spec.h"
#include "base/error.h"
#include "import/json_source.h"
#include "import/ordered.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int refuse(const struct importing *import, size_t index, const char *key, const char *right)
{
	return error_set_invalid(import->error, "%s: linux.resources.devices[%zu]%s%s: %s",
				 import->sources[0].name, index, *key ? "." : "", key, right);
}

/* ---- keys ---- */

static json_t *get_linux(const json_t *spec, const char *key)
{
	return json_object_get(json_object_get(spec, "linux"), key);
}

/* As encoding/json of Go compares keys: without regard to case, and U+017F is an 's' as well. */
static bool folds_to(const char *key, const char *name)
{
	for (; *key && *name; name++) {
		bool is_long_s = strncmp(key, "\xc5\xbf", 2) == 0;

		if ((is_long_s ? 's' : tolower((unsigned char)*key)) != *name)
			return false;
		key += is_long_s ? 2 : 1;
	}
	return *key == *name;
}

/* To crun a key in another case is none, and is ignored. */
static int check_keys(const struct importing *import, const json_t *object, const char *where,
		      const char *const *names)
{
	const json_t *value;
	const char *key;

	if (strcmp(import->dialect, "runc") != 0)
		return 0;
	json_object_foreach ((json_t *)object, key, value) {
		for (size_t i = 0; names[i]; i++) {
			if (strcmp(key, names[i]) != 0 && folds_to(key, names[i]))
				return error_set_invalid(
					import->error,
					"%s: %s%s: runc takes this for '%s'; write it so",
					import->sources[0].name, where, key, names[i]);
		}
	}
	return 0;
}

/* The rules and the nodes, each of which has its index in its place. */
static int check_elements(const struct importing *import, const json_t *list, const char *where,
			  const char *const *names)
{
	const json_t *element;
	size_t index;
	int result = 0;

	json_array_foreach (list, index, element) {
		char place[64];

		snprintf(place, sizeof(place), "%s[%zu].", where, index);
		result = check_keys(import, element, place, names);
		if (result)
			break;
	}
	return result;
}

static int check_all_keys(const struct importing *import, const json_t *spec)
{
	static const char *const of_spec[] = { "linux", NULL };
	static const char *const of_linux[] = { "resources", "devices", NULL };
	static const char *const of_resources[] = { "devices", NULL };
	static const char *const of_rule[] = { "allow", "type", "major", "minor", "access", NULL };
	static const char *const of_node[] = { "path", NULL };
	const json_t *resources = get_linux(spec, "resources");
	int result = check_keys(import, spec, "", of_spec);

	if (result == 0)
		result = check_keys(import, json_object_get(spec, "linux"), "linux.", of_linux);
	if (result == 0)
		result = check_keys(import, resources, "linux.resources.", of_resources);
	if (result == 0)
		result = check_elements(import, json_object_get(resources, "devices"),
					"linux.resources.devices", of_rule);
	return result ? result
		      : check_elements(import, get_linux(spec, "devices"), "linux.devices",
				       of_node);
}

/* ---- rules ---- */

/* A number that is left out, and -1, stand for all. */
static int read_number(const struct importing *import, size_t index, const json_t *rule,
		       const char *key, bool *any, uint32_t *number)
{
	const json_t *value = json_object_get(rule, key);
	json_int_t given = value && !json_is_null(value) ? json_integer_value(value) : -1;

	/* Of a larger one crun takes the lower half, and runc starts no container. */
	if ((value && !json_is_null(value) && !json_is_integer(value)) || given < -1 ||
	    given > UINT32_MAX)
		return refuse(import, index, key, "this must be a number, or -1 for all");
	*any = given < 0;
	*number = *any ? 0 : given < LIST_OTHER ? (uint32_t)given : LIST_OTHER - 1;
	return 0;
}

static int read_access(const struct importing *import, size_t index, const json_t *rule,
		       struct list_rule *read)
{
	const json_t *access = json_object_get(rule, "access");

	if (access && !json_is_null(access) &&
	    (!json_is_string(access) ||
	     ordered_parse_access(json_string_value(access), &read->access)))
		return refuse(import, index, "access", "this must be of the letters r, w and m");
	return 0;
}

/* crun takes any text that does not begin with a or b for c. */
static char read_type(const struct importing *import, const char *type)
{
	if (type && *type)
		return *type;
	return type && strcmp(import->dialect, "crun") == 0 ? 'c' : 'a';
}

static int read_rule(const struct importing *import, size_t index, const json_t *rule,
		     struct list_rule *read)
{
	const json_t *type = json_object_get(rule, "type");
	const json_t *allow = json_object_get(rule, "allow");
	int result;

	if (!json_is_object(rule))
		return refuse(import, index, "", "this must be an object");
	if (allow && !json_is_boolean(allow))
		return refuse(import, index, "allow", "this must be true or false");
	if (type && !json_is_null(type) &&
	    (!json_is_string(type) || strlen(json_string_value(type)) > 1 ||
	     !strpbrk(*json_string_value(type) ? json_string_value(type) : "a", "abc")))
		return refuse(import, index, "type", "this must be a, b or c");
	read->place = index;
	read->allow = json_is_true(allow);
	read->type = read_type(import, json_string_value(type));
	result = read_number(import, index, rule, "major", &read->any_major, &read->major);
	if (result == 0)
		result = read_number(import, index, rule, "minor", &read->any_minor, &read->minor);
	return result ? result : read_access(import, index, rule, read);
}

static int read_rules(const struct importing *import, const json_t *spec, struct list_rules *rules)
{
	const json_t *list = json_object_get(get_linux(spec, "resources"), "devices");
	const json_t *rule;
	size_t index;

	if (list && !json_is_null(list) && !json_is_array(list))
		return error_set_invalid(import->error,
					 "%s: linux.resources.devices: this must be a list",
					 import->sources[0].name);
	json_array_foreach (list, index, rule) {
		struct list_rule read = { 0 };
		int result = read_rule(import, index, rule, &read);

		if (result == 0)
			result = ordered_add_rule(import, rules, &read);
		if (result)
			return result;
	}
	return 0;
}

int oci_spec_read(struct importing *import, json_t **spec, struct list_rules *rules)
{
	cleanup_list_rules struct list_rules read = { 0 };
	cleanup_json json_t *root = NULL;
	int result;

	import->list = "linux.resources.devices";
	result = json_source_read(import, &root);
	if (result == 0)
		result = check_all_keys(import, root);
	if (result == 0)
		result = read_rules(import, root, &read);
	if (result)
		return result;
	*spec = json_incref(root);
	*rules = read;
	read = (struct list_rules){ 0 };
	return 0;
}

bool oci_spec_has_node(const json_t *spec, const char *path)
{
	const json_t *node;
	size_t index;

	json_array_foreach (get_linux(spec, "devices"), index, node) {
		const char *given = json_string_value(json_object_get(node, "path"));

		if (given && strcmp(given, path) == 0)
			return true;
	}
	return false;
}
