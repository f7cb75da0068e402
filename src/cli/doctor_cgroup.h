/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "report/finding.h"

#include <cgfence/cgfence.h>

/**
 * doctor_look_at_cgroup() - who has a say on a cgroup, since when, what was refused lately, and what would help.
 * @name: of the cgroup, or the pattern of a standing fence
 * @path: receives the path or the pattern, to be given to free()
 *
 * Return: 0, also if nobody has a say; -errno.
 */
int doctor_look_at_cgroup(const char *name, struct findings *findings, char **path,
			  struct cgfence_error *error);
