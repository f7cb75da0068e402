/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy as a struct, as everything except the JSON reader and writer sees it. */
#pragma once

#include "base/json_locate.h"
#include "policy/device_base.h"
#include "policy/device_lookups.h"
#include "policy/port_set.h"

enum policy_netns {
	POLICY_NETNS_HOST,
	POLICY_NETNS_ANY,
};

enum policy_on_violation {
	POLICY_ON_VIOLATION_LOG,
	POLICY_ON_VIOLATION_CLOSE,
	POLICY_ON_VIOLATION_KILL,
};

struct cgfence_policy {
	char *name;			/* NULL if none */
	char *cgroup;			/* NULL if none */
	char *except;			/* as policy/except.h has it; NULL if none */
	struct json_position cgroup_at; /* where they stood in the text */
	struct json_position except_at;
	bool enforce;
	bool adopt;	 /* takes the place of device programs of others */
	bool unresolved; /* device paths were not looked up, so entries may be missing */
	char *source;	 /* as it was written (policy/source.h); NULL if it was not */

	bool devices_fenced;
	enum device_base devices_base; /* the rules hold its entries too */
	struct device_rules devices;
	struct device_lookups lookups; /* that were made for @devices */

	bool ports_fenced;
	bool sctp_any;
	struct port_set ports[CGFENCE_PROTOCOL_COUNT]; /* assigned */
	bool has_isolated_range;
	struct port_set isolated_range;
	enum policy_netns netns;
	bool privileged_ports;
	enum policy_on_violation on_violation;
};

/** policy_new() - a policy that fences nothing and enforces it. Return: NULL if out of memory. */
struct cgfence_policy *policy_new(void);

/** policy_copy() - a copy, to be given to cgfence_policy_free(). Return: NULL if out of memory. */
struct cgfence_policy *policy_copy(const struct cgfence_policy *policy);

/** policy_refuse_unresolved() - refuse a policy that was read offline. Return: 0 or -EINVAL. */
int policy_refuse_unresolved(const struct cgfence_policy *policy, struct cgfence_error *error);

/**
 * policy_listed_rules() - the device rules of the lists of a policy, without those of "defaults".
 * @rules: receives normalised rules, to be given to device_rules_free()
 *
 * Return: 0 or -ENOMEM.
 */
int policy_listed_rules(const struct cgfence_policy *policy, struct device_rules *rules);

static inline void cleanup_free_policy(struct cgfence_policy **policy)
{
	cgfence_policy_free(*policy);
}

#define cleanup_policy __attribute__((cleanup(cleanup_free_policy)))

/* The allowed words of some keys, in the order of their enumerations; ended by NULL. */
extern const char *const policy_netns_words[];
extern const char *const policy_on_violation_words[];
