/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/read_flags.h"

#include <cgfence/cgfence.h>

/** policy_read() - cgfence_policy_parse() with enum policy_read_flags. */
int policy_read(const char *text, size_t length, const char *origin, unsigned int flags,
		struct cgfence_policy **policy, struct cgfence_error *error);
