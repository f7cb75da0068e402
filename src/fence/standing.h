/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/standing.h>

/** standing_id() - the id of the standing fence of a pattern. @path: of cgroup_pattern_normalise() */
uint64_t standing_id(const char *path);

/**
 * standing_is_refused() - does this kernel take no standing fences, as where it is locked down for confidentiality?
 *
 * It is tried once a boot. What fails for now is no refusal.
 */
bool standing_is_refused(void);
