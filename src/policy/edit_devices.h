/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/edit_parse.h"
#include "policy/policy.h"

/**
 * policy_edit_devices() - edit the device rules of a policy.
 * @before: the policy before the edit
 * @policy: a copy of it, to be edited in place; its rules may be half changed on failure
 *
 * Return: as policy_edit().
 */
int policy_edit_devices(const struct cgfence_policy *before, const struct cgfence_edit *edit,
			struct cgfence_policy *policy, struct cgfence_error *error);
