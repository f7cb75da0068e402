// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_reader.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The largest length up to @limit that does not cut a UTF-8 character. */
static size_t whole_characters(const char *text, size_t limit)
{
	while (limit && ((unsigned char)text[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

static void shorten_value(const json_t *value, char *text, size_t size)
{
	cleanup_free char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	if (!dump)
		snprintf(text, size, "?");
	else if (strlen(dump) < size)
		snprintf(text, size, "%s", dump);
	else
		snprintf(text, size, "%.*s...", (int)whole_characters(dump, size - 4), dump);
}

int reader_refuse_at(const char *origin, const struct json_position *at, const char *place,
		     const json_t *value, const char *message, struct cgfence_error *error)
{
	char position[48] = "";
	char text[80];

	if (at->line)
		snprintf(position, sizeof(position), "%zu:%zu:", at->line, at->column);
	shorten_value(value, text, sizeof(text));
	return error_set_invalid(error, "%s:%s %s%s%s: %s", origin, position, place,
				 *place ? ": " : "", text, message);
}

struct json_position reader_position(const struct reader *reader)
{
	struct json_position at = { 0 };

	json_locate(reader->text, reader->length, &reader->place, &at.line, &at.column);
	return at;
}

static int refuse(const struct reader *reader, const json_t *value, const char *message)
{
	const struct json_position at = reader_position(reader);
	char place[160];

	json_place_format(&reader->place, place, sizeof(place));
	return reader_refuse_at(reader->origin, &at, place, value, message, reader->error);
}

int reader_refuse(struct reader *reader, const json_t *value, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return refuse(reader, value, message);
}

int reader_out_of_memory(struct reader *reader)
{
	return error_set(reader->error, ENOMEM, "out of memory while reading %s", reader->origin);
}

static void push_key(struct reader *reader, const char *key)
{
	reader->place.steps[reader->place.depth].key = key;
	reader->place.depth++;
}

static void push_index(struct reader *reader, size_t index)
{
	reader->place.steps[reader->place.depth].key = NULL;
	reader->place.steps[reader->place.depth].index = index;
	reader->place.depth++;
}

static void pop(struct reader *reader)
{
	reader->place.depth--;
}

int reader_refuse_member(struct reader *reader, const json_t *object, const char *key,
			 const char *message)
{
	int result;

	push_key(reader, key);
	result = refuse(reader, json_object_get(object, key), message);
	pop(reader);
	return result;
}

static const struct reader_key *find_key(const struct reader_key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

static int refuse_unknown_key(struct reader *reader, const json_t *value,
			      const struct reader_key *keys)
{
	char known[256] = "";
	size_t used = 0;

	for (; keys->name; keys++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", keys->name);
	return reader_refuse(reader, value, "unknown key; the keys are %s", known);
}

int reader_read_object(struct reader *reader, const json_t *value, const struct reader_key *keys,
		       void *target)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return reader_refuse(reader, value, "this must be an object, in braces");
	/* jansson's iterator takes the object without const, though it does not change it. */
	json_object_foreach ((json_t *)value, name, member) {
		const struct reader_key *key = find_key(keys, name);
		int result;

		push_key(reader, name);
		result = key ? key->read(reader, member, (char *)target + key->target_offset)
			     : refuse_unknown_key(reader, member, keys);
		pop(reader);
		if (result)
			return result;
	}
	return 0;
}

int reader_read_list(struct reader *reader, const json_t *value,
		     int (*read)(struct reader *reader, const json_t *element, void *target),
		     void *target)
{
	const json_t *element;
	size_t index;

	json_array_foreach (value, index, element) {
		int result;

		push_index(reader, index);
		result = read(reader, element, target);
		pop(reader);
		if (result)
			return result;
	}
	return 0;
}

int reader_read_bool(struct reader *reader, const json_t *value, void *target)
{
	if (!json_is_boolean(value))
		return reader_refuse(reader, value, "this must be true or false");
	*(bool *)target = json_is_true(value);
	return 0;
}

int reader_read_string(struct reader *reader, const json_t *value, void *target)
{
	char **string = target;

	if (!json_is_string(value) || json_string_length(value) == 0)
		return reader_refuse(reader, value, "this must be a string that is not empty");
	*string = strdup(json_string_value(value));
	return *string ? 0 : reader_out_of_memory(reader);
}

int reader_read_word(struct reader *reader, const json_t *value, const char *const *words,
		     int *index)
{
	char known[64] = "";
	size_t used = 0;

	for (int i = 0; words[i]; i++) {
		if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0) {
			*index = i;
			return 0;
		}
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s\"%s\"",
					 used ? ", " : "", words[i]);
	}
	return reader_refuse(reader, value, "this must be one of %s", known);
}
