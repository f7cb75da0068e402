// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/written_entry.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The keys of the Mesos object. */
static const struct {
	const char *key;
	uint8_t bit;
} mesos_access[] = {
	{ "read", BPF_DEVCG_ACC_READ },
	{ "write", BPF_DEVCG_ACC_WRITE },
	{ "mknod", BPF_DEVCG_ACC_MKNOD },
};

static const size_t mesos_access_count = sizeof(mesos_access) / sizeof(mesos_access[0]);

static uint8_t read_mesos_access(const json_t *object)
{
	uint8_t access = 0;

	for (size_t i = 0; i < mesos_access_count; i++)
		access |= json_is_true(json_object_get(object, mesos_access[i].key))
				  ? mesos_access[i].bit
				  : 0;
	return access;
}

/* What stands before the access in an entry of text, without the sign that it may stand for nothing. */
static const char *words_of(const char *text, size_t *length)
{
	const char *blank;

	text += *text == '-';
	blank = strrchr(text, ' ');
	*length = blank ? (size_t)(blank - text) : strlen(text);
	return text;
}

static int read_numbers(const char *text, struct written_entry *entry)
{
	struct device_entry number = { 0 };

	if (device_entry_parse(text, &number, NULL)) {
		entry->words = true;
		return 0;
	}
	entry->numbers.items = calloc(1, sizeof(number));
	if (!entry->numbers.items)
		return -ENOMEM;
	entry->numbers.items[0] = number;
	entry->numbers.count = entry->numbers.capacity = 1;
	return 0;
}

int written_entry_check(const char *text, struct cgfence_error *error)
{
	json_t *written = json_string(text);
	json_t *empty = json_string("");
	int result = 0;

	if (!empty)
		result = error_out_of_memory(error);
	else if (!written)
		result = error_set_invalid(
			error, "a policy cannot have words that are not UTF-8; give numbers");
	json_decref(written);
	json_decref(empty);
	return result;
}

int written_entry_read(json_t *value, struct written_entry *entry)
{
	const json_t *access = json_object_get(value, "access");
	const char *text = json_string_value(value);
	const char *letters = text ? strrchr(text, ' ') : NULL;

	entry->value = value;
	if (json_is_object(access)) {
		entry->words = true;
		entry->access = read_mesos_access(access);
		return 0;
	}
	letters = letters ? letters + 1 : json_string_value(access);
	if (!letters || device_access_parse(letters, &entry->access, NULL))
		return -EINVAL;
	if (text)
		return read_numbers(text, entry);
	entry->words = true;
	return 0;
}

void written_entry_release(struct written_entry *entry)
{
	device_entries_free(&entry->numbers);
}

bool written_entry_is_of(const struct written_entry *entry, const char *text)
{
	const json_t *device = json_object_get(entry->value, "device");
	const json_t *holder = device ? device : entry->value;
	const char *own = json_string_value(json_object_get(holder, "path"));
	size_t own_length = own ? strlen(own) : 0;
	size_t length;

	text = words_of(text, &length);
	if (!own)
		own = words_of(json_string_value(entry->value), &own_length);
	return own_length == length && memcmp(own, text, length) == 0;
}

static json_t *object_with_access(const json_t *value, uint8_t access, const char *letters)
{
	json_t *copy = json_deep_copy(value);
	json_t *object = json_object_get(copy, "access");

	if (!json_is_object(object)) {
		json_object_set_new(copy, "access", json_string(letters));
		return copy;
	}
	for (size_t i = 0; i < mesos_access_count; i++) {
		if (!(access & mesos_access[i].bit) && json_object_get(object, mesos_access[i].key))
			json_object_set_new(object, mesos_access[i].key, json_false());
	}
	return copy;
}

json_t *written_entry_with_access(const struct written_entry *entry, uint8_t access)
{
	const char *text = json_string_value(entry->value);
	char letters[DEVICE_ACCESS_TEXT_SIZE];
	cleanup_free char *changed = NULL;

	device_access_format(access, letters);
	if (!text)
		return object_with_access(entry->value, access, letters);
	if (asprintf(&changed, "%.*s %s", (int)(strrchr(text, ' ') - text), text, letters) < 0)
		return NULL;
	return json_string(changed);
}
