/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The types of systemd's units that have settings of devices and ports (systemd.resource-control(5)). */
#pragma once

#include "import/importing.h"

struct unit_type {
	const char *section; /* the one with those settings */
	const char *suffix;
	bool executes; /* it starts programs, and has the settings of systemd.exec(5) as well */
};

/** unit_type_of_section() - the type that has a section such as "Service". Return: NULL if none has. */
const struct unit_type *unit_type_of_section(const char *section);

/**
 * unit_type_of_sources() - the type of a unit and its drop-ins by the names of their files.
 *
 * Return: NULL if they do not tell.
 */
const struct unit_type *unit_type_of_sources(const struct importing *import);
