/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Edits of a policy as it was written, for the fence that remembers it. Words stay words: an entry that is allowed or
 * revoked in words is kept in words, and one that the edit does not concern stays as it is. Nothing is looked up: words
 * stand for what they stood for.
 */
#pragma once

#include "policy/edit_parse.h"
#include "policy/policy.h"

/**
 * policy_edit_written() - policy_edit() that edits the words, too.
 * @policy: the policy in force
 * @packed: what the fence remembers of it (policy/memory.h); NULL for nothing
 * @edited: receives the new policy with its source, to be given to cgfence_policy_free()
 * @changed: receives false if the words too are as before
 */
int policy_edit_written(const struct cgfence_policy *policy, const char *packed,
			const struct cgfence_edit *edit, struct cgfence_policy **edited,
			bool *changed, struct cgfence_error *error);
