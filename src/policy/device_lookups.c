// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_lookups.h"
#include "base/array.h"
#include "base/cleanup.h"

#include <string.h>

struct device_lookup {
	char *text; /* of device_resolve(), or the path of device_resolve_path() */
	bool is_path;
	bool optional;
	uint8_t access;
	unsigned int flags;
	struct device_entry *entries;
	size_t count;
};

static int add(struct device_lookups *lookups, const struct device_lookup *lookup,
	       const struct device_entries *entries)
{
	struct device_lookup *items =
		array_with_room(lookups->items, lookups->count, &lookups->capacity, sizeof(*items));
	cleanup_free struct device_entry *copy = calloc(entries->count + 1, sizeof(*copy));
	cleanup_free char *text = strdup(lookup->text);

	if (items)
		lookups->items = items;
	if (!items || !copy || !text)
		return -ENOMEM;
	if (entries->count)
		memcpy(copy, entries->items, entries->count * sizeof(*copy));
	items[lookups->count] = *lookup;
	items[lookups->count].text = cleanup_steal(text);
	items[lookups->count].entries = cleanup_steal(copy);
	items[lookups->count++].count = entries->count;
	return 0;
}

int device_lookups_add(struct device_lookups *lookups, const char *text, unsigned int flags,
		       const struct device_entries *entries)
{
	const struct device_lookup lookup = { .text = (char *)text, .flags = flags };
	struct device_entry numbers;

	return device_entry_parse(text, &numbers, NULL) == 0 ? 0 : add(lookups, &lookup, entries);
}

int device_lookups_add_path(struct device_lookups *lookups, const char *path, uint8_t access,
			    bool optional, unsigned int flags, const struct device_entries *entries)
{
	const struct device_lookup lookup = {
		.text = (char *)path,
		.is_path = true,
		.optional = optional,
		.access = access,
		.flags = flags,
	};

	return add(lookups, &lookup, entries);
}

static bool is_same(const struct device_entry *a, const struct device_entry *b)
{
	return a->block == b->block && a->character == b->character && a->major == b->major &&
	       a->minor == b->minor && a->any_major == b->any_major && a->any_minor == b->any_minor;
}

static bool has_changed(const struct device_lookup *lookup)
{
	cleanup_device_entries struct device_entries now = { 0 };
	int result = lookup->is_path
			     ? device_resolve_path(lookup->text, lookup->access, lookup->optional,
						   lookup->flags, &now, NULL)
			     : device_resolve(lookup->text, lookup->flags, &now, NULL);

	if (result || now.count != lookup->count)
		return true;
	for (size_t i = 0; i < now.count; i++) {
		if (!is_same(&now.items[i], &lookup->entries[i]))
			return true;
	}
	return false;
}

bool device_lookups_changed(const struct device_lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++) {
		if (has_changed(&lookups->items[i]))
			return true;
	}
	return false;
}

void device_lookups_free(struct device_lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++) {
		free(lookups->items[i].text);
		free(lookups->items[i].entries);
	}
	free(lookups->items);
	*lookups = (struct device_lookups){ 0 };
}
