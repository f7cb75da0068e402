/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DeviceAllow= of a unit with one thing changed; a pure function. */
#pragma once

#include "policy/drivers.h"
#include "policy/edit_parse.h"
#include "runtime/unit.h"

#define UNIT_LIST_REST_SIZE 256

/* What stands for the words of a list on this host. */
struct unit_list_host {
	struct drivers drivers;
	/* The device of a node by its path, as an entry without access. Return: false if there is none. */
	bool (*find_node)(const char *path, struct device_entry *entry);
};

struct unit_list_edited {
	struct unit_devices devices; /* to be given to unit_devices_free() */
	bool changed;
	bool close; /* DevicePolicy= must become "closed", since an empty list of "auto" would allow everything */
	char rest
		[UNIT_LIST_REST_SIZE]; /* what the list cannot say, as a part of a sentence; empty if nothing */
};

/** unit_list_restricts() - does systemd refuse any device for these rules? If not, the first entry would. */
bool unit_list_restricts(const struct unit_devices *devices);

/**
 * unit_list_edit() - what DeviceAllow= becomes.
 * @devices: the rules of the unit, which unit_list_restricts()
 * @edit: of devices
 * @edited: receives the new list, all of it
 *
 * Return: 0 or -ENOMEM.
 */
int unit_list_edit(const struct unit_devices *devices, const struct cgfence_edit *edit,
		   const struct unit_list_host *host, struct unit_list_edited *edited);
