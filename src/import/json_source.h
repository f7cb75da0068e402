/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dialects whose files are JSON objects. */
#pragma once

#include "import/importing.h"

/** json_source_read() - parse the file of an import. @root receives an object, to be given to json_decref(). */
int json_source_read(const struct importing *import, json_t **root);

static inline void cleanup_free_json_value(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json_value)))
