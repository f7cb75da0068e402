/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which cgroups a standing fence of a policy is for, by their paths. */
#pragma once

#include <stdbool.h>

/** cover_excepts() - do exceptions match the last component of a path? @except: as policy/except.h has it, or NULL */
bool cover_excepts(const char *except, const char *path);

/**
 * cover_has() - is a cgroup a member of the standing fence of a policy?
 * @except: its exceptions
 * @pattern: its pattern, with a leading slash
 * @path: of the cgroup, likewise
 */
bool cover_has(const char *except, const char *pattern, const char *path);
