// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/edit_lists.h"
#include "base/cleanup.h"
#include "policy/device_rule.h"
#include "policy/written_entry.h"

#include <errno.h>
#include <string.h>

/* One pass over all lists, which makes new ones. */
struct listing {
	const struct cgfence_edit *edit;
	const struct device_lookups *past;
	size_t next;		       /* of @past */
	struct device_lookups lookups; /* of the new lists */
	bool appends;
	bool has; /* what is to be appended */
};

bool edit_lists_is_words(const struct cgfence_edit *edit)
{
	struct device_entry numbers;

	return device_entry_parse(edit->written, &numbers, NULL) != 0;
}

int edit_lists_open(json_t *root)
{
	json_t *allowed = json_object_get(root, "allowed_devices");
	json_t *devices = allowed ? json_pack("{s:b, s:O}", "defaults", 1, "allow", allowed) : NULL;

	if (!allowed)
		return 0;
	return json_object_set_new(root, "devices", devices) ||
			       json_object_del(root, "allowed_devices")
		       ? -ENOMEM
		       : 0;
}

static bool is_within(const struct device_entries *wide, const struct device_entry *entry,
		      uint32_t type)
{
	uint64_t selector = device_entry_selector(entry, type);

	for (size_t i = 0; i < wide->count; i++) {
		const struct device_entry *other = &wide->items[i];
		bool has_type = type == BPF_DEVCG_DEV_BLOCK ? other->block : other->character;

		if (has_type &&
		    device_selector_meet(selector, device_entry_selector(other, type)) == selector)
			return true;
	}
	return false;
}

/* How many of the devices of an entry, and of how many, are those of the edit. */
static size_t count_within(const struct device_entries *wide, const struct written_entry *entry,
			   size_t *total)
{
	size_t within = 0;

	*total = 0;
	for (size_t i = 0; i < entry->numbers.count; i++) {
		const struct device_entry *one = &entry->numbers.items[i];

		if (one->block) {
			++*total;
			within += is_within(wide, one, BPF_DEVCG_DEV_BLOCK);
		}
		if (one->character) {
			++*total;
			within += is_within(wide, one, BPF_DEVCG_DEV_CHAR);
		}
	}
	return within;
}

/* Takes the reference to @value. */
static int emit(struct listing *listing, json_t *list, json_t *value,
		const struct device_entries *words)
{
	if (json_array_append_new(list, value))
		return -ENOMEM;
	return words ? device_lookups_add_numbers(&listing->lookups, words) : 0;
}

static int emit_number(struct listing *listing, json_t *list, struct device_entry entry,
		       uint32_t type)
{
	char text[DEVICE_ENTRY_TEXT_SIZE];

	entry.block = type == BPF_DEVCG_DEV_BLOCK;
	entry.character = !entry.block;
	if (is_within(&listing->edit->entries, &entry, type))
		entry.access &= (uint8_t)~listing->edit->access;
	if (!entry.access)
		return 0;
	device_entry_format(&entry, text);
	return emit(listing, list, json_string(text), NULL);
}

static int emit_numbers(struct listing *listing, json_t *list, const struct written_entry *entry)
{
	int result = 0;

	for (size_t i = 0; i < entry->numbers.count && result == 0; i++) {
		const struct device_entry *one = &entry->numbers.items[i];

		if (one->block)
			result = emit_number(listing, list, *one, BPF_DEVCG_DEV_BLOCK);
		if (result == 0 && one->character)
			result = emit_number(listing, list, *one, BPF_DEVCG_DEV_CHAR);
	}
	return result;
}

static int emit_trimmed(struct listing *listing, json_t *list, const struct written_entry *entry,
			uint8_t taken)
{
	struct device_entries numbers = entry->numbers;
	cleanup_free struct device_entry *items = calloc(numbers.count + 1, sizeof(*items));
	uint8_t left = entry->access & (uint8_t)~taken;

	if (!items)
		return -ENOMEM;
	if (!left)
		return 0;
	numbers.items = items;
	for (size_t i = 0; i < numbers.count; i++) {
		items[i] = entry->numbers.items[i];
		items[i].access = left;
	}
	return emit(listing, list, written_entry_with_access(entry, left),
		    entry->words ? &numbers : NULL);
}

static int edit_entry(struct listing *listing, json_t *list, const struct written_entry *entry,
		      bool denies)
{
	const struct cgfence_edit *edit = listing->edit;
	uint8_t taken = edit->access & entry->access;
	bool same = entry->words && written_entry_is_of(entry, edit->written);
	size_t total = 0;
	size_t within = count_within(&edit->entries, entry, &total);
	bool all = total && within == total;

	if (listing->appends && denies == (edit->action == CGFENCE_REVOKE) && same &&
	    taken == edit->access)
		listing->has = true;
	if (listing->appends || denies != (edit->action == CGFENCE_ALLOW) || !taken)
		taken = 0;
	/* Other words that allow may stand for other devices later. */
	if (taken && (same || (all && (denies || !entry->words))))
		return emit_trimmed(listing, list, entry, taken);
	if (taken && denies && within)
		return emit_numbers(listing, list, entry);
	return emit(listing, list, json_incref(entry->value),
		    entry->words ? &entry->numbers : NULL);
}

static int read_entry(struct listing *listing, json_t *value, struct written_entry *entry)
{
	int result = written_entry_read(value, entry);

	if (result || !entry->words)
		return result;
	return device_lookups_get(listing->past, listing->next++, &entry->numbers);
}

static int edit_list(struct listing *listing, json_t **list, bool denies)
{
	json_t *made = json_array();
	size_t index;
	json_t *value;
	int result = made ? 0 : -ENOMEM;

	json_array_foreach (*list, index, value) {
		struct written_entry entry = { 0 };

		if (result == 0)
			result = read_entry(listing, value, &entry);
		if (result == 0)
			result = edit_entry(listing, made, &entry, denies);
		written_entry_release(&entry);
	}
	if (result == 0 && listing->appends && !listing->has &&
	    denies == (listing->edit->action == CGFENCE_REVOKE))
		result = emit(listing, made, json_string(listing->edit->written),
			      edit_lists_is_words(listing->edit) ? &listing->edit->entries : NULL);
	if (result)
		json_decref(made);
	else
		*list = made;
	return result;
}

/* The lookups are in the order of the entries, and so of the keys. */
static int edit_all(struct listing *listing, json_t *devices)
{
	json_t *copy = json_copy(devices);
	const char *key;
	json_t *value;
	int result = copy ? 0 : -ENOMEM;

	json_object_foreach (copy, key, value) {
		json_t *list = value;

		if (result || !json_is_array(value))
			continue;
		result = edit_list(listing, &list, strcmp(key, "deny") == 0);
		if (result == 0 && json_object_set_new(devices, key, list))
			result = -ENOMEM;
	}
	json_decref(copy);
	return result;
}

static int edit(json_t *root, struct device_lookups *past, const struct cgfence_edit *wanted,
		bool appends)
{
	struct listing listing = { .edit = wanted, .past = past, .appends = appends };
	const char *list = wanted->action == CGFENCE_ALLOW ? "allow" : "deny";
	json_t *devices = json_object_get(root, "devices");
	int result;

	if (appends && !json_object_get(devices, list) &&
	    json_object_set_new(devices, list, json_array()))
		return -ENOMEM;
	result = edit_all(&listing, devices);
	if (result) {
		device_lookups_free(&listing.lookups);
		return result;
	}
	device_lookups_free(past);
	*past = listing.lookups;
	return 0;
}

int edit_lists_trim(json_t *root, struct device_lookups *past, const struct cgfence_edit *wanted)
{
	return edit(root, past, wanted, false);
}

int edit_lists_append(json_t *root, struct device_lookups *past, const struct cgfence_edit *wanted)
{
	return edit(root, past, wanted, true);
}
