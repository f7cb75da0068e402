// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/json_source.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_clamp.h"

#include <string.h>

int json_source_parse(const struct importing *import, json_t **value, json_error_t *syntax)
{
	const struct cgfence_import_source *source = &import->sources[0];
	cleanup_free char *text = malloc(source->length + 1);

	if (!text)
		return error_out_of_memory(import->error);
	memcpy(text, source->text, source->length);
	json_clamp_integers(text, source->length);
	*value = json_loadb(text, source->length, JSON_REJECT_DUPLICATES, syntax);
	return 0;
}

int json_source_read(const struct importing *import, json_t **root)
{
	const char *name = import->sources[0].name;
	json_error_t syntax = { 0 };
	json_t *read = NULL;
	int result = json_source_parse(import, &read, &syntax);

	if (result)
		return result;
	if (!read)
		return error_set_invalid(import->error, "%s:%d:%d: this is not JSON: %s", name,
					 syntax.line, syntax.column > 0 ? syntax.column : 1,
					 syntax.text);
	if (!json_is_object(read)) {
		json_decref(read);
		return error_set_invalid(import->error, "%s: this must be a JSON object", name);
	}
	*root = read;
	return 0;
}

int json_source_check_list(const struct importing *import, const json_t *owner, const char *key,
			   const char *where)
{
	const json_t *list = json_object_get(owner, key);

	if (!list || json_is_null(list) || json_is_array(list))
		return 0;
	return error_set_invalid(import->error, "%s: %s%s: this must be a list",
				 import->sources[0].name, where, key);
}
