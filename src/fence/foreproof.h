/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel was asked before the lock of a fence is taken: asking takes some hundred milliseconds, in which others
 * may want the lock, and a daemon its events. Under the lock it counts if neither programs nor policy have changed.
 */
#pragma once

#include "fence/proved.h"
#include "kernel/adopted.h"
#include "policy/policy.h"

/**
 * foreproof_first() - prove that a policy and the programs on a cgroup, which has no fence yet, agree.
 * @proof: receives it; unchanged if there are no programs
 *
 * Return: 0, or -errno as fence_prove_policy().
 */
int foreproof_first(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		    struct foreproof *proof, struct cgfence_error *error);

/**
 * foreproof_again() - prove that the fence may take the place of the programs on a cgroup, if its policy has "adopt".
 * @id: of the fence
 * @cgroup: its root, or a member
 * @proof: receives it; unchanged if there is nothing to prove
 *
 * Return: 0, or -errno as fence_prove_again() or fence_prove_stricter().
 */
int foreproof_again(uint64_t id, const struct cgfence_cgroup *cgroup, struct foreproof *proof,
		    struct cgfence_error *error);

/**
 * foreproof_confirm_first() - with the lock held, is that proved of these programs? If not, it is proved now.
 *
 * Return: 0, or -errno as fence_prove_policy().
 */
int foreproof_confirm_first(const struct foreproof *proof, const struct cgfence_policy *policy,
			    const struct adopted *found, struct cgfence_error *error);

/**
 * foreproof_confirm_again() - the same of programs that have come back.
 * @policy: that is in force, of @generation
 * @kept: what the fence keeps
 */
int foreproof_confirm_again(const struct foreproof *proof, uint64_t id,
			    const struct cgfence_policy *policy, uint64_t generation,
			    const struct adopted *kept, const struct adopted *found,
			    struct cgfence_error *error);
