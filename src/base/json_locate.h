/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The position of a value in a JSON text; jansson tells it for syntax errors only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Deeper than any place in a policy. */
#define JSON_PLACE_DEPTH 8

/* The path from the outermost value to one inside: object keys and array indices. */
struct json_place {
	struct {
		const char *key; /* NULL for an array element */
		size_t index;
	} steps[JSON_PLACE_DEPTH];
	size_t depth;
};

/* Both from 1, the column in characters; all 0 if it is not known. */
struct json_position {
	size_t line;
	size_t column;
};

/** json_place_format() - write a place as "ports.tcp[2]"; empty for the outermost value. */
void json_place_format(const struct json_place *place, char *text, size_t size);

/**
 * json_place_of_error() - write the place of a key or a value of which jansson told where it ends.
 * @text: JSON that jansson reads as far as there, and no further
 * @length: of @text, in bytes
 * @end: offset after it, as jansson reports it for a key that is there already, or a value that it does not take
 * @place: receives the place as json_place_format() writes it; cut if it is too deep
 */
void json_place_of_error(const char *text, size_t length, size_t end, char *place, size_t size);

/**
 * json_locate() - find the line and the column of a value.
 * @text: valid JSON
 * @length: of @text, in bytes
 * @line: receives the line, from 1
 * @column: receives the column in characters, from 1
 *
 * Return: false if there is no such place.
 */
bool json_locate(const char *text, size_t length, const struct json_place *place, size_t *line,
		 size_t *column);
