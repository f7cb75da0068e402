/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The drivers of a host's devices and their major numbers, as /proc/devices lists them (proc(5)). */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver {
	bool block; /* else character */
	uint32_t major;
	char name[64];
};

/* Several drivers can have one major, and one driver several. */
struct drivers {
	struct driver *items;
	size_t count;
	size_t capacity;
};

/**
 * drivers_read() - the drivers of this host, now.
 * @drivers: receives them, to be given to drivers_free()
 *
 * Return: 0, -ENOMEM, or another -errno if /proc/devices cannot be read.
 */
int drivers_read(struct drivers *drivers, struct cgfence_error *error);

/** drivers_parse() - the same from a text of that form. Return: 0 or -ENOMEM. */
int drivers_parse(const char *text, struct drivers *drivers);

/** drivers_free() - free the items. */
void drivers_free(struct drivers *drivers);

#define cleanup_drivers __attribute__((cleanup(drivers_free)))
