/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device entries of a policy that depend on its host, and what they stood for when it was read. */
#pragma once

#include "policy/device_resolve.h"

struct device_lookup;

struct device_lookups {
	struct device_lookup *items;
	size_t count;
	size_t capacity;
};

/**
 * device_lookups_add() - keep what an entry stood for.
 * @text: of device_resolve(); one of numbers is not kept
 * @flags: enum device_resolve_flags
 *
 * Return: 0 or -ENOMEM.
 */
int device_lookups_add(struct device_lookups *lookups, const char *text, unsigned int flags,
		       const struct device_entries *entries);

/** device_lookups_add_path() - the same of device_resolve_path(). */
int device_lookups_add_path(struct device_lookups *lookups, const char *path, uint8_t access,
			    bool optional, unsigned int flags,
			    const struct device_entries *entries);

/** device_lookups_changed() - does any entry stand for something else now? */
bool device_lookups_changed(const struct device_lookups *lookups);

/** device_lookups_free() - free them. */
void device_lookups_free(struct device_lookups *lookups);
