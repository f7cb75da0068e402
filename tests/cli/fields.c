// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"

#include <criterion/criterion.h>
#include <string.h>

json_t *parse_object(const char *line)
{
	json_error_t error;
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	cr_assert(object && json_is_object(object), "%s in '%s'", error.text, line);
	return object;
}

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_assert(text, "%s is no string", key);
	return text;
}

json_int_t number_of(const json_t *object, const char *key)
{
	cr_assert(json_is_integer(json_object_get(object, key)), "%s is no integer", key);
	return json_integer_value(json_object_get(object, key));
}

time_t parse_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	cr_assert(rest && *rest == '.', "'%s'", text);
	cr_assert_eq(strspn(rest + 1, "0123456789"), strlen(rest) - 2, "'%s'", text);
	cr_assert_eq(text[strlen(text) - 1], 'Z', "'%s'", text);
	return timegm(&tm);
}

void expect_keys(const json_t *object, const char *keys)
{
	void *at = json_object_iter((json_t *)object);
	char found[512] = "";
	size_t used = 0;

	for (; at; at = json_object_iter_next((json_t *)object, at))
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%s",
					 used ? " " : "", json_object_iter_key(at));
	cr_expect_str_eq(found, keys);
}
