/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changes one thing of a policy, for `allow` and `revoke`; a pure function. */
#pragma once

#include "policy/edit_parse.h"
#include "policy/policy.h"

/**
 * policy_edit() - the policy that an edit makes of another.
 * @policy: normalised
 * @edited: receives the new policy, equal to @policy if there was nothing to do; to be given to cgfence_policy_free()
 *
 * Return: 0, -EINVAL if the policy does not fence the topic of the edit or the edit would not have its full effect,
 * -ENOMEM.
 */
int policy_edit(const struct cgfence_policy *policy, const struct cgfence_edit *edit,
		struct cgfence_policy **edited, struct cgfence_error *error);
