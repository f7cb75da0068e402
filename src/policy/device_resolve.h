/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of device entries, and what they stand for on this host, now. */
#pragma once

#include "policy/device_entry.h"
#include "policy/drivers.h"

/* The numbers that one entry stands for. */
struct device_entries {
	struct device_entry *items;
	size_t count;
	size_t capacity;
};

/* A pattern that matches more device nodes is a mistake. */
#define DEVICE_ENTRIES_MAX 4096

enum device_resolve_flags {
	DEVICE_MAY_BE_OPTIONAL = 1, /* the entry allows, so that leaving it out opens nothing */
	DEVICE_OFFLINE = 2,	    /* drivers and nodes are not looked up, and stand for nothing */
	DEVICE_AGAIN = 4,	    /* the entry was resolved before; what is gone is no fault */
	DEVICE_PAST =
		8, /* likewise, and it stands for what it stood for then; with DEVICE_OFFLINE */
};

/**
 * device_resolve() - read an entry and find what it stands for.
 * @text: "c 10:229 rw"; "c hidraw:* rw", a driver by its name in /proc/devices or a pattern (fnmatch(3)) of such names;
 *	"/dev/fuse rw", a node by its path or a pattern (glob(7)) of paths, links followed; led by '-', it may stand for nothing
 * @flags: enum device_resolve_flags
 * @entries: receives the numbers, to be given to device_entries_free()
 * @error: receives the fault and what would be right; the caller adds the place and the value
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int device_resolve(const char *text, unsigned int flags, struct device_entries *entries,
		   struct cgfence_error *error);

/**
 * device_resolve_among() - the same for one of many entries, which are looked up among the same drivers.
 * @drivers: those of this host; read when they are needed and there are none in it yet
 */
int device_resolve_among(const char *text, unsigned int flags, struct drivers *drivers,
			 struct device_entries *entries, struct cgfence_error *error);

/**
 * device_resolve_path() - the same for a path or a pattern of paths, and an access.
 * @access: BPF_DEVCG_ACC_* bits
 * @optional: nothing that matches is no fault
 */
int device_resolve_path(const char *path, uint8_t access, bool optional, unsigned int flags,
			struct device_entries *entries, struct cgfence_error *error);

/** device_entries_free() - free the items. */
void device_entries_free(struct device_entries *entries);

#define cleanup_device_entries __attribute__((cleanup(device_entries_free)))
