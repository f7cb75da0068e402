/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dialects whose files are JSON objects. */
#pragma once

#include "import/importing.h"

/** json_source_read() - parse the file of an import. @root receives an object, to be given to json_decref(). */
int json_source_read(const struct importing *import, json_t **root);

/** json_source_parse() - the same for a list, too. @value receives NULL if it is no JSON. Return: 0 or -ENOMEM. */
int json_source_parse(const struct importing *import, json_t **value, json_error_t *syntax);

/**
 * json_source_check_list() - what is read as a list has to be one, lest it come to nothing without a word.
 * @where: the place of @owner with a '.' behind it, or ""
 *
 * Return: 0 also if there is none, -EINVAL for something else.
 */
int json_source_check_list(const struct importing *import, const json_t *owner, const char *key,
			   const char *where);

static inline void cleanup_free_json_value(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json_value)))
