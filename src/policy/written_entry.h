/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A device entry as a policy has it: a string, or an object with a path. */
#pragma once

#include "policy/device_resolve.h"

#include <jansson.h>

struct written_entry {
	json_t *value; /* borrowed */
	bool words;    /* it is a path, a driver or a pattern, and not numbers */
	uint8_t access;
	struct device_entries numbers; /* of words, those that the caller sets */
};

/** written_entry_check() - can the entry @text be written? JSON is UTF-8. Return: 0, -EINVAL, -ENOMEM. */
int written_entry_check(const char *text, struct cgfence_error *error);

/** written_entry_read() - read a valid entry; to be given to written_entry_release(). Return: 0, -ENOMEM, -EINVAL. */
int written_entry_read(json_t *value, struct written_entry *entry);

/** written_entry_release() - free the numbers. */
void written_entry_release(struct written_entry *entry);

/** written_entry_is_of() - does it name what the entry @text names? */
bool written_entry_is_of(const struct written_entry *entry, const char *text);

/** written_entry_with_access() - the same with less access, as a new JSON value; NULL if out of memory. */
json_t *written_entry_with_access(const struct written_entry *entry, uint8_t access);
