/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dialects whose files are YAML, of which JSON is a part. */
#pragma once

#include "import/importing.h"

/** yaml_source_read() - parse the file of an import. @documents receives an array, to be given to json_decref(). */
int yaml_source_read(const struct importing *import, json_t **documents);

/** yaml_source_bool() - is a value true, or a word that YAML 1.1 takes for it? */
bool yaml_source_bool(const json_t *value);
