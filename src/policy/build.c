// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Policies that a program makes by calls, for a job whose devices and ports it knows only when the job starts. */
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/device_resolve.h"
#include "policy/policy.h"
#include "policy/source.h"
#include "policy/written_entry.h"

#include <string.h>

int cgfence_policy_new(const char *name, struct cgfence_policy **policy,
		       struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *made = policy_new();
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->source = strdup("{}");
	if (!made->source)
		return error_out_of_memory(error);
	result = name ? cgfence_policy_set_name(made, name, error) : 0;
	if (result == 0)
		*policy = cleanup_steal(made);
	return result;
}

void cgfence_policy_set_enforces(struct cgfence_policy *policy, bool enforces)
{
	policy->enforce = enforces;
	if (policy_source_set(policy, "enforce", json_boolean(enforces)))
		policy_source_drop(policy);
}

static int parse_base(const char *word, enum device_base *base, struct cgfence_error *error)
{
	for (int i = DEVICE_BASE_MESOS; i < DEVICE_BASE_COUNT; i++) {
		if (strcmp(word, device_base_words[i]) == 0) {
			*base = (enum device_base)i;
			return 0;
		}
	}
	return error_set_invalid(
		error, "'%s' is no list of default devices; give mesos, systemd or oci", word);
}

int cgfence_policy_add_default_devices(struct cgfence_policy *policy, const char *defaults,
				       struct cgfence_error *error)
{
	enum device_base base = DEVICE_BASE_NONE;
	int result = parse_base(defaults, &base, error);

	if (result)
		return result;
	if (policy->devices_base != DEVICE_BASE_NONE && policy->devices_base != base)
		return error_set_invalid(
			error, "the policy starts from the default devices of '%s' already",
			device_base_words[policy->devices_base]);
	if (device_base_add(&policy->devices, base))
		return error_out_of_memory(error);
	device_rules_normalise(&policy->devices);
	if (policy_source_start(policy, device_base_words[base]))
		return error_out_of_memory(error);
	policy->devices_base = base;
	policy->devices_fenced = true;
	return 0;
}

/* The rules are put in place when all of them are there. */
static int add_entries(struct cgfence_policy *policy, const char *text,
		       struct device_entries *entries)
{
	struct device_rules rules = { 0 };
	int result = device_rules_copy(&policy->devices, &rules);

	if (result == 0)
		result =
			device_lookups_add(&policy->lookups, text, DEVICE_MAY_BE_OPTIONAL, entries);
	for (size_t i = 0; i < entries->count && result == 0; i++)
		result = device_rules_add(&rules, &entries->items[i], false);
	if (result == 0)
		result = policy_source_allow(policy, text);
	if (result) {
		device_rules_free(&rules);
		return result;
	}
	device_rules_normalise(&rules);
	device_rules_free(&policy->devices);
	policy->devices = rules;
	return 0;
}

int cgfence_policy_add_device(struct cgfence_policy *policy, const char *entry,
			      struct cgfence_error *error)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	int result = written_entry_check(entry, error);

	if (result == 0)
		result = device_resolve(entry, DEVICE_MAY_BE_OPTIONAL, &entries, error);
	if (result) {
		error_wrap(error, "the device '%s'", entry);
		return result;
	}
	if (add_entries(policy, entry, &entries))
		return error_out_of_memory(error);
	policy->devices_fenced = true;
	return 0;
}
