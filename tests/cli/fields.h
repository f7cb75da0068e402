/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fields of printed JSON; a test fails if one is not of its type. */
#pragma once

#include <jansson.h>
#include <time.h>

/** parse_object() - the object of a line, to be given to json_decref(). */
json_t *parse_object(const char *line);

/** text_of() - the string of a key; it lives as long as @object. */
const char *text_of(const json_t *object, const char *key);

/** number_of() - the integer of a key. */
json_int_t number_of(const json_t *object, const char *key);

/** parse_time() - a printed time, RFC 3339 in UTC with a fraction; returned without the fraction. */
time_t parse_time(const char *text);

/** expect_keys() - the object has these keys, in this order and separated by spaces, and no others. */
void expect_keys(const json_t *object, const char *keys);
