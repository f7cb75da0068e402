/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The difference between two policies, as sets of accesses and ports and not as text. */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

enum policy_section {
	POLICY_SECTION_NONE, /* about the whole policy */
	POLICY_SECTION_DEVICES,
	POLICY_SECTION_PORTS,
	POLICY_SECTION_COUNT,
};

/* Which of the two policies has something. */
struct policy_presence {
	bool before;
	bool after;
};

/* A value that differs and is not a list. */
struct policy_diff_value {
	const char *key;
	enum policy_section section;
	bool is_nested; /* inside the object of its section, else beside it, as in a policy */
	json_t *before; /* null if it is absent */
	json_t *after;
};

#define POLICY_DIFF_VALUES_MAX 9

struct device_rules_diff {
	struct device_rules removed; /* accesses that the lists of the new policy no longer name */
	struct device_rules added;   /* accesses that the lists of the old policy do not name */
};

struct port_set_diff {
	struct port_set removed;
	struct port_set added;
};

struct policy_diff {
	struct policy_presence sections[POLICY_SECTION_COUNT];
	struct policy_presence isolated_range_given;
	struct policy_diff_value values[POLICY_DIFF_VALUES_MAX];
	size_t value_count;
	struct device_rules_diff devices;
	struct port_set_diff ports[CGFENCE_PROTOCOL_COUNT];
	struct port_set_diff isolated_range;
};

/**
 * policy_diff_make() - compare two policies.
 * @before: NULL for none, which counts as a policy without any key
 * @after: likewise
 * @diff: receives the difference, to be given to policy_diff_free()
 *
 * The removed items are in the old policy, the added ones are not: the old sets minus the removed, plus the added items
 * are the new sets. The default devices are not among the accesses, since "defaults" is a value.
 *
 * Return: 0, -EINVAL if a policy was read without this host's devices, -ENOMEM.
 */
int policy_diff_make(const struct cgfence_policy *before, const struct cgfence_policy *after,
		     struct policy_diff **diff, struct cgfence_error *error);

/** policy_diff_free() - free a difference; NULL is fine. */
void policy_diff_free(struct policy_diff *diff);

static inline void cleanup_free_policy_diff(struct policy_diff **diff)
{
	policy_diff_free(*diff);
}

#define cleanup_policy_diff __attribute__((cleanup(cleanup_free_policy_diff)))
