/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/policy.h"

/** policy_equal() - are two policies equal, apart from the cgroup that they name? */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b);
