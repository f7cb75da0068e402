/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host that imports run on. */
#pragma once

#include "import/importing.h"
#include "policy/drivers.h"

extern const struct import_host import_host_here;

/** import_find_majors() - the question of struct import_host, of a table of drivers. */
bool import_find_majors(const struct drivers *drivers, char type, const char *pattern,
			struct import_majors *majors);
