// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_lookups.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/yield.h"

#include <string.h>

/* How many entries, and how many devices of one, a description names. */
#define DESCRIBED_MAX 4

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

/* Does it deny, so that it stands for what it stood for if it stands for nothing now? */
static bool is_kept(const struct device_lookup *lookup, size_t found)
{
	return lookup->flags & DEVICE_AGAIN && !(lookup->flags & DEVICE_MAY_BE_OPTIONAL) && !found;
}

int device_lookups_get(const struct device_lookups *lookups, size_t index,
		       struct device_entries *entries)
{
	const struct device_lookup *lookup = index < lookups->count ? &lookups->items[index] : NULL;

	if (!lookup)
		return -EINVAL;
	if (!lookup->count)
		return 0;
	entries->items = calloc(lookup->count, sizeof(*entries->items));
	if (!entries->items)
		return -ENOMEM;
	memcpy(entries->items, lookup->entries, lookup->count * sizeof(*entries->items));
	entries->count = entries->capacity = lookup->count;
	return 0;
}

static int add_now(struct device_lookups *lookups, const struct device_lookup *lookup,
		   struct device_entries *entries)
{
	bool takes_past = is_kept(lookup, entries->count) || lookup->flags & DEVICE_PAST;

	if (takes_past && lookups->past &&
	    device_lookups_get(lookups->past, lookups->count, entries) == -ENOMEM)
		return -ENOMEM;
	return add(lookups, lookup, entries);
}

int device_lookups_add(struct device_lookups *lookups, const char *text, unsigned int flags,
		       struct device_entries *entries)
{
	const struct device_lookup lookup = { .text = (char *)text, .flags = flags };
	struct device_entry numbers;

	return device_entry_parse(text, &numbers, NULL) == 0 ? 0
							     : add_now(lookups, &lookup, entries);
}

int device_lookups_add_path(struct device_lookups *lookups, const char *path, uint8_t access,
			    bool optional, unsigned int flags, struct device_entries *entries)
{
	const struct device_lookup lookup = {
		.text = (char *)path,
		.is_path = true,
		.optional = optional,
		.access = access,
		.flags = flags,
	};

	return add_now(lookups, &lookup, entries);
}

int device_lookups_copy(const struct device_lookups *lookups, struct device_lookups *copy)
{
	struct device_lookups made = { 0 };

	for (size_t i = 0; i < lookups->count; i++) {
		const struct device_lookup *lookup = &lookups->items[i];
		const struct device_entries entries = { .items = lookup->entries,
							.count = lookup->count };

		if (add(&made, lookup, &entries)) {
			device_lookups_free(&made);
			return -ENOMEM;
		}
	}
	*copy = made;
	return 0;
}

json_t *device_lookups_write(const struct device_lookups *lookups)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lookups->count; i++) {
		const struct device_lookup *lookup = &lookups->items[i];
		json_t *numbers = json_array();

		for (size_t j = 0; j < lookup->count; j++) {
			char text[DEVICE_ENTRY_TEXT_SIZE];

			device_entry_format(&lookup->entries[j], text);
			json_array_append_new(numbers, json_string(text));
		}
		json_array_append_new(list, numbers);
	}
	/* Numbers that are missing would not be kept. */
	if (json_array_size(list) == lookups->count)
		return list;
	json_decref(list);
	return NULL;
}

int device_lookups_add_numbers(struct device_lookups *lookups, const struct device_entries *entries)
{
	const struct device_lookup lookup = { .text = (char *)"" };

	return add(lookups, &lookup, entries);
}

static int read_numbers(struct device_lookups *lookups, const json_t *list)
{
	size_t count = json_array_size(list);
	cleanup_free struct device_entry *items = calloc(count + 1, sizeof(*items));
	struct device_entries entries = { .items = items };

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && device_entry_parse(text, &items[entries.count], NULL) == 0)
			entries.count++;
	}
	return device_lookups_add_numbers(lookups, &entries);
}

int device_lookups_read(struct device_lookups *lookups, const json_t *value)
{
	int result = 0;

	for (size_t i = 0; i < json_array_size(value) && result == 0; i++)
		result = read_numbers(lookups, json_array_get(value, i));
	return result;
}

static bool is_same(const struct device_entry *a, const struct device_entry *b)
{
	return a->block == b->block && a->character == b->character && a->major == b->major &&
	       a->minor == b->minor && a->any_major == b->any_major && a->any_minor == b->any_minor;
}

static int look_up(const struct device_lookup *lookup, struct drivers *drivers,
		   struct device_entries *now)
{
	return lookup->is_path
		       ? device_resolve_path(lookup->text, lookup->access, lookup->optional,
					     lookup->flags, now, NULL)
		       : device_resolve_among(lookup->text, lookup->flags, drivers, now, NULL);
}

static bool stands_for(const struct device_lookup *lookup, const struct device_entry *entries,
		       size_t count)
{
	if (count != lookup->count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_same(&entries[i], &lookup->entries[i]))
			return false;
	}
	return true;
}

static bool has_changed(const struct device_lookup *lookup, struct device_cache *cache,
			struct drivers *drivers)
{
	cleanup_device_entries struct device_entries own = { 0 };
	const struct device_entries *now = &own;
	int result = cache ? device_cache_resolve(cache, lookup->text, lookup->is_path,
						  lookup->flags, &now)
			   : look_up(lookup, drivers, &own);

	if (result)
		return true;
	return !is_kept(lookup, now->count) && !stands_for(lookup, now->items, now->count);
}

bool device_lookups_changed(const struct device_lookups *lookups, struct device_cache *cache)
{
	cleanup_drivers struct drivers drivers = { 0 };

	for (size_t i = 0; i < lookups->count; i++) {
		yield_now();
		if (has_changed(&lookups->items[i], cache, &drivers))
			return true;
	}
	return false;
}

void device_lookups_begin_again(struct device_lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++) {
		unsigned int *flags = &lookups->items[i].flags;

		*flags = (*flags & DEVICE_MAY_BE_OPTIONAL) | DEVICE_AGAIN;
	}
}

/* Such as "'/dev/x rw' stands for c 1:5 rw". */
static void describe(const struct device_lookup *lookup, FILE *stream)
{
	char text[DEVICE_ENTRY_TEXT_SIZE];

	fprintf(stream, "'%s' ", lookup->text);
	if (!lookup->count)
		fprintf(stream, "matches nothing any more");
	for (size_t i = 0; i < lookup->count && i < DESCRIBED_MAX; i++) {
		device_entry_format(&lookup->entries[i], text);
		fprintf(stream, "%s%s", i ? ", " : "stands for ", text);
	}
	if (lookup->count > DESCRIBED_MAX)
		fprintf(stream, " and %zu more", lookup->count - DESCRIBED_MAX);
}

void device_lookups_describe(const struct device_lookups *lookups,
			     const struct device_lookups *past, FILE *stream)
{
	size_t told = 0;
	size_t untold = 0;

	for (size_t i = 0; i < lookups->count; i++) {
		const struct device_lookup *lookup = &lookups->items[i];
		const struct device_lookup *before = i < past->count ? &past->items[i] : NULL;

		if (before && stands_for(lookup, before->entries, before->count))
			continue;
		if (told == DESCRIBED_MAX) {
			untold++;
			continue;
		}
		fprintf(stream, "%s", told++ ? "; " : "");
		describe(lookup, stream);
	}
	if (untold)
		fprintf(stream, "; and %zu more entries", untold);
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
