/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a policy and programs of others allow the same, asked of the kernel before one takes the place of the other. */
#pragma once

#include "kernel/adopted.h"
#include "policy/policy.h"

/**
 * fence_prove_policy() - do a policy and programs agree on each device of candidates_collect(), for each access?
 * @programs: all must allow what the policy allows, and one must refuse what it refuses
 *
 * Return: 0, -EPERM with the first difference, another -errno if the kernel cannot be asked.
 */
int fence_prove_policy(const struct cgfence_policy *policy, const struct adopted *programs,
		       struct cgfence_error *error);

/** fence_prove_stricter() - the same, but the policy may refuse what the programs allow. */
int fence_prove_stricter(const struct cgfence_policy *policy, const struct adopted *programs,
			 struct cgfence_error *error);

/**
 * fence_prove_again() - may an adopted fence take the place of programs that have come back?
 * @policy: in force, with all edits
 * @before: those that the fence keeps; those of them that @now replaces (adopted_part()) count no more afterwards
 * @now: those that have come back
 *
 * All that is kept afterwards has to answer as all that was kept before, or as the policy does. None of @now may refuse
 * what the policy allows, unless the one in whose place it has come refused it too.
 */
int fence_prove_again(const struct cgfence_policy *policy, const struct adopted *before,
		      const struct adopted *now, struct cgfence_error *error);
