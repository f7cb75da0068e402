/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/device_lookups.h"
#include "policy/read_flags.h"

#include <cgfence/cgfence.h>

/** policy_read() - cgfence_policy_parse() with enum policy_read_flags. */
int policy_read(const char *text, size_t length, const char *origin, unsigned int flags,
		struct cgfence_policy **policy, struct cgfence_error *error);

/**
 * policy_read_again() - read a policy that was in force already.
 * @past: what its words stood for then
 * @flags: POLICY_READ_AGAIN or POLICY_READ_PAST
 *
 * With POLICY_READ_AGAIN, what is allowed and matches nothing any more stands for nothing; what is denied then keeps the
 * numbers that it stood for.
 */
int policy_read_again(const char *text, size_t length, const struct device_lookups *past,
		      unsigned int flags, struct cgfence_policy **policy,
		      struct cgfence_error *error);
