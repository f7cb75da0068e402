/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a cgroup is: that of a container, of a unit, of a scheduler's job. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * owner_by_name() - what the name of a cgroup says of its owner.
 * @cgroup: a path below the cgroup2 root
 * @text: receives such as "the unit nginx.service"; empty if the name says nothing
 */
void owner_by_name(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE]);
