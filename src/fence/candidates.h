/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices about which a policy and the programs whose place it takes are compared. */
#pragma once

#include "kernel/adopted.h"
#include "policy/policy.h"

/* A device as the selector of a policy, without wildcards: type, major and minor. */
struct candidates {
	uint64_t *selectors; /* in ascending order, each once */
	size_t count;
	size_t capacity;
};

/**
 * candidates_collect() - choose the devices.
 * @policy: those that its entries name; NULL for none
 * @programs: those whose numbers stand in their instructions. That only says where to ask: what is not to be read there is
 *	asked about no less where it exists on this host or in the policy
 * @candidates: receives these, the devices of this host, the neighbours of them all, each major that drivers are given, and
 *	a sample of all others, always the same; to be given to candidates_release()
 *
 * Return: 0 or -ENOMEM.
 */
int candidates_collect(const struct cgfence_policy *policy, const struct adopted *programs,
		       struct candidates *candidates);

/** candidates_release() - free the list. */
void candidates_release(struct candidates *candidates);

#define cleanup_candidates __attribute__((cleanup(candidates_release)))
