/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/policy.h"

/** policy_equal() - do two policies say the same, the cgroup they name aside? */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b);
