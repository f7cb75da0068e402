// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/draft.h"
#include "base/error.h"
#include "policy/device_resolve.h"

#include <string.h>

int draft_set(struct importing *import, const char *key, json_t *value)
{
	return json_object_set_new(import->policy, key, value) ? error_out_of_memory(import->error)
							       : 0;
}

int draft_devices(struct importing *import)
{
	if (json_object_get(import->policy, "devices"))
		return 0;
	return draft_set(import, "devices", json_object());
}

int draft_set_base(struct importing *import, const char *base)
{
	int result = draft_devices(import);

	if (result)
		return result;
	return json_object_set_new(json_object_get(import->policy, "devices"), "defaults",
				   json_string(base))
		       ? error_out_of_memory(import->error)
		       : 0;
}

static int append(struct importing *import, const char *list, const char *text)
{
	json_t *devices;
	json_t *entries;
	json_t *entry = json_string(text);
	int result = draft_devices(import);

	/* A string that is there has no other reason. */
	if (!entry)
		return error_set_invalid(import->error, "it is no text in UTF-8");
	if (result) {
		json_decref(entry);
		return result;
	}
	devices = json_object_get(import->policy, "devices");
	entries = json_object_get(devices, list);
	if (!entries) {
		entries = json_array();
		if (json_object_set_new(devices, list, entries)) {
			json_decref(entry);
			return error_out_of_memory(import->error);
		}
	}
	return json_array_append_new(entries, entry) ? error_out_of_memory(import->error) : 0;
}

int draft_add_entry(struct importing *import, const char *list, const char *text)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	unsigned int flags = DEVICE_OFFLINE |
			     (strcmp(list, "allow") == 0 ? DEVICE_MAY_BE_OPTIONAL : 0);
	int result = device_resolve(text, flags, &entries, import->error);

	return result ? result : append(import, list, text);
}

static int add_walked(struct importing *import, const struct device_rules *rules, bool deny)
{
	struct device_entry entry;
	size_t cursor = 0;
	int result = 0;

	while (result == 0 && device_rules_next(rules, deny, &cursor, &entry)) {
		char text[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entry, text);
		result = append(import, deny ? "deny" : "allow", text);
	}
	return result;
}

int draft_add_rules(struct importing *import, const struct device_rules *rules)
{
	int result = draft_devices(import);

	if (result == 0)
		result = add_walked(import, rules, false);
	return result ? result : add_walked(import, rules, true);
}
