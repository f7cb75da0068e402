/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device entries of a policy that depend on its host, and what they stood for when it was read. */
#pragma once

#include "policy/device_cache.h"

#include <jansson.h>
#include <stdio.h>

struct device_lookup;

struct device_lookups {
	struct device_lookup *items;
	size_t count;
	size_t capacity;
	const struct device_lookups
		*past;		 /* of the same entries when they were read before; else NULL */
	struct drivers *drivers; /* of the host, while a policy is read */
};

/**
 * device_lookups_add() - keep what an entry stood for.
 * @text: of device_resolve(); one of numbers is not kept
 * @flags: enum device_resolve_flags
 * @entries: gets the numbers of the past if what it denies is gone, since leaving it out would open it
 *
 * Return: 0 or -ENOMEM.
 */
int device_lookups_add(struct device_lookups *lookups, const char *text, unsigned int flags,
		       struct device_entries *entries);

/** device_lookups_add_path() - the same of device_resolve_path(). */
int device_lookups_add_path(struct device_lookups *lookups, const char *path, uint8_t access,
			    bool optional, unsigned int flags, struct device_entries *entries);

/** device_lookups_copy() - @copy receives a copy of @lookups, to be given to device_lookups_free(). */
int device_lookups_copy(const struct device_lookups *lookups, struct device_lookups *copy);

/** device_lookups_add_numbers() - add numbers without their entry. Return: 0 or -ENOMEM. */
int device_lookups_add_numbers(struct device_lookups *lookups,
			       const struct device_entries *entries);

/**
 * device_lookups_get() - the numbers of the @index-th entry.
 * @entries: receives a copy, to be given to device_entries_free()
 *
 * Return: 0, -EINVAL if there is no such entry, -ENOMEM.
 */
int device_lookups_get(const struct device_lookups *lookups, size_t index,
		       struct device_entries *entries);

/** device_lookups_write() - the numbers as a new JSON value, a list for each entry; NULL if out of memory. */
json_t *device_lookups_write(const struct device_lookups *lookups);

/** device_lookups_read() - read those numbers, without their entries. Return: 0 or -ENOMEM. */
int device_lookups_read(struct device_lookups *lookups, const json_t *value);

/**
 * device_lookups_changed() - does any entry stand for something else now, or cannot it be looked up?
 * @cache: if not NULL, of words that were read with DEVICE_AGAIN
 */
bool device_lookups_changed(const struct device_lookups *lookups, struct device_cache *cache);

/** device_lookups_begin_again() - let words that were read with DEVICE_PAST be looked up as with DEVICE_AGAIN from now on. */
void device_lookups_begin_again(struct device_lookups *lookups);

/** device_lookups_describe() - write which entries stand for something else than in the past, and for what. */
void device_lookups_describe(const struct device_lookups *lookups,
			     const struct device_lookups *past, FILE *stream);

/** device_lookups_free() - free them. */
void device_lookups_free(struct device_lookups *lookups);
