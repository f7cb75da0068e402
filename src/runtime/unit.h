/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device rules of a unit of systemd, by D-Bus (org.freedesktop.systemd1(5)). */
#pragma once

#include "runtime/bus.h"

#include <stdbool.h>
#include <stddef.h>

/* An entry of DeviceAllow=. */
struct unit_device {
	char *node;	/* a path below /dev, or char-NAME, block-NAME */
	char access[4]; /* of r, w and m */
};

struct unit_devices {
	struct unit_device *items;
	size_t count;
	char policy[16]; /* DevicePolicy=: auto, closed or strict */
};

/**
 * unit_devices_add() - append an entry. @access: of r, w and m
 *
 * Return: 0 or -ENOMEM.
 */
int unit_devices_add(struct unit_devices *devices, const char *node, const char *access);

/** unit_devices_free() - free the entries. */
void unit_devices_free(struct unit_devices *devices);

#define cleanup_unit_devices __attribute__((cleanup(unit_devices_free)))

/**
 * unit_read() - the device rules of a unit that has a cgroup.
 * @cgroup: its path below the cgroup2 root
 * @devices: zeroed; receives the rules, to be given to unit_devices_free()
 *
 * Return: 0; -ENOENT if the manager of the system has no such unit, or it has another cgroup; another -errno.
 */
int unit_read(const struct bus *bus, const char *unit, const char *cgroup,
	      struct unit_devices *devices, struct cgfence_error *error);

/**
 * unit_set() - change the device rules of a unit until the next boot.
 * @devices: what DeviceAllow= is to be
 * @close: set DevicePolicy=closed too
 *
 * When it returns, systemd has attached its program anew.
 */
int unit_set(const struct bus *bus, const char *unit, const struct unit_devices *devices,
	     bool close, struct cgfence_error *error);
