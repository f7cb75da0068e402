// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_locate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Quotes a key as JSON if a reader could misread it or a terminal could act on it. */
static int format_key(char *text, size_t size, const char *separator, const char *key)
{
	size_t plain =
		strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	json_t *value = json_string(key);
	char *quoted = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	int written;

	written = snprintf(text, size, "%s%s", separator,
			   quoted && (!*key || key[plain]) ? quoted : key);
	json_decref(value);
	free(quoted);
	return written;
}

void json_place_format(const struct json_place *place, char *text, size_t size)
{
	size_t used = 0;

	if (size)
		text[0] = '\0';
	for (size_t i = 0; i < place->depth && used < size; i++) {
		int written;

		if (place->steps[i].key)
			written = format_key(text + used, size - used, i ? "." : "",
					     place->steps[i].key);
		else
			written =
				snprintf(text + used, size - used, "[%zu]", place->steps[i].index);
		used += (size_t)written;
	}
}

/* The text is valid, so only these stand between two values. */
static size_t skip_punctuation(const char *text, size_t length, size_t at)
{
	while (at < length && strchr(" \t\r\n,:", text[at]))
		at++;
	return at;
}

/* Lets jansson read the value at @at; returns where it ends. */
static size_t skip_value(const char *text, size_t length, size_t at, json_t **value)
{
	json_error_t error;

	*value = json_loadb(text + at, length - at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK,
			    &error);
	return *value ? at + (size_t)error.position : length;
}

/* The position of the value of @key in the object that begins at @at. */
static size_t find_member(const char *text, size_t length, size_t at, const char *key)
{
	for (at = skip_punctuation(text, length, at + 1); at < length && text[at] != '}';) {
		json_t *value = NULL;
		bool found;

		at = skip_punctuation(text, length, skip_value(text, length, at, &value));
		found = json_is_string(value) && strcmp(json_string_value(value), key) == 0;
		json_decref(value);
		if (found)
			return at;
		at = skip_punctuation(text, length, skip_value(text, length, at, &value));
		json_decref(value);
	}
	return length;
}

/* The position of the @index-th element in the array that begins at @at. */
static size_t find_element(const char *text, size_t length, size_t at, size_t index)
{
	at = skip_punctuation(text, length, at + 1);
	while (index-- && at < length && text[at] != ']') {
		json_t *value = NULL;

		at = skip_punctuation(text, length, skip_value(text, length, at, &value));
		json_decref(value);
	}
	return at;
}

bool json_locate(const char *text, size_t length, const struct json_place *place, size_t *line,
		 size_t *column)
{
	size_t at = skip_punctuation(text, length, 0);
	size_t characters = 0; /* of the line, before the value */
	size_t lines = 1;

	for (size_t i = 0; i < place->depth && at < length; i++) {
		const char *key = place->steps[i].key;

		if (text[at] != (key ? '{' : '['))
			return false;
		at = key ? find_member(text, length, at, key)
			 : find_element(text, length, at, place->steps[i].index);
	}
	if (at >= length)
		return false;
	for (const char *p = text; p < text + at; p++) {
		/* As jansson does, whose columns the errors of syntax have. */
		characters += ((unsigned char)*p & 0xc0) != 0x80;
		if (*p == '\n') {
			lines++;
			characters = 0;
		}
	}
	*line = lines;
	*column = characters + 1;
	return true;
}

/* The path to a key that is known by its offset only. */
struct descent {
	const char *text;
	size_t length;
	size_t end;
	struct json_place place;
	json_t *keys[JSON_PLACE_DEPTH]; /* of the place */
};

/* Skips the value at *at if it ends before the key. The text after the key may be invalid. */
static bool step_over(const struct descent *descent, size_t *at)
{
	json_t *value = NULL;
	size_t next = skip_value(descent->text, descent->length, *at, &value);
	bool over = value && next < descent->end;

	json_decref(value);
	if (over)
		*at = skip_punctuation(descent->text, descent->length, next);
	return over;
}

/* Descends from an object or an array into the value that holds the key. Return: false once it reaches the key. */
static bool descend(struct descent *descent, size_t *at)
{
	bool is_object = descent->text[*at] == '{';
	size_t depth = descent->place.depth++;

	*at = skip_punctuation(descent->text, descent->length, *at + 1);
	for (size_t index = 0;; index++) {
		size_t next = *at;

		descent->place.steps[depth].index = index;
		if (is_object) {
			json_decref(descent->keys[depth]);
			next = skip_value(descent->text, descent->length, *at,
					  &descent->keys[depth]);
			descent->place.steps[depth].key = json_string_value(descent->keys[depth]);
			*at = skip_punctuation(descent->text, descent->length, next);
		}
		if (is_object && next >= descent->end)
			return false;
		if (!step_over(descent, at))
			return true;
	}
}

void json_place_of_error(const char *text, size_t length, size_t end, char *place, size_t size)
{
	struct descent descent = { .text = text, .length = length, .end = end };
	size_t at = skip_punctuation(text, length, 0);

	while (at < end && (text[at] == '{' || text[at] == '[') &&
	       descent.place.depth < JSON_PLACE_DEPTH && descend(&descent, &at))
		;
	json_place_format(&descent.place, place, size);
	for (size_t i = 0; i < JSON_PLACE_DEPTH; i++)
		json_decref(descent.keys[i]);
}
