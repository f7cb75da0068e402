/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a host calls its devices. */
#pragma once

#include "policy/drivers.h"

#include <stddef.h>

/* A device by its numbers. */
struct device_number {
	bool block;
	uint32_t major;
	uint32_t minor;
};

#define DEVICE_PATH_SIZE 256

/* The host, which tests replace. */
struct device_host {
	/* The kernel's name of a device, below /dev, such as "dri/card0". Return: false if it has none. */
	bool (*name)(const struct device_number *device, char name[DEVICE_PATH_SIZE]);
	/* Is there a node of a device at a path? Links are followed. */
	bool (*is_at)(const struct device_number *device, const char *path);
	/* A link that tells a device by what it is or where it is plugged in. Return: false if there is none. */
	bool (*link)(const struct device_number *device, char path[DEVICE_PATH_SIZE]);
	/* Calls @visit for each device of a type until it returns false. */
	void (*each)(bool block, bool (*visit)(const struct device_number *device, void *context),
		     void *context);
	/* As drivers_read(). */
	int (*drivers)(struct drivers *drivers, struct cgfence_error *error);
};

/** The host of this process: sysfs, /dev and /proc/devices. */
extern const struct device_host device_host_here;
