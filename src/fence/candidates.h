/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices about which a policy and the programs whose place it takes are compared. */
#pragma once

#include "fence/candidate_list.h"
#include "kernel/adopted.h"
#include "policy/policy.h"

/**
 * candidates_collect() - choose the devices.
 * @policy: those that its entries name; NULL for none
 * @programs: those whose numbers stand in their instructions and maps. That only says where to ask: where the kernel shows no
 *	instructions, devices are asked about no less that exist on this host or are in the policy
 * @candidates: receives these, the devices of this host, the neighbours of them all, each major that drivers are given, and
 *	a sample of all others, always the same; to be given to candidates_release()
 *
 * Return: 0 or -ENOMEM.
 */
int candidates_collect(const struct cgfence_policy *policy, const struct adopted *programs,
		       struct candidates *candidates);
