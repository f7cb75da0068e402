// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/policy.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

const char *const policy_netns_words[] = { "host", "any", NULL };
const char *const policy_on_violation_words[] = { "log", "close", "kill", NULL };

struct cgfence_policy *policy_new(void)
{
	struct cgfence_policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->enforce = true;
	return policy;
}

void cgfence_policy_free(struct cgfence_policy *policy)
{
	if (!policy)
		return;
	free(policy->name);
	free(policy->cgroup);
	free(policy->except);
	free(policy->source);
	device_rules_free(&policy->devices);
	device_lookups_free(&policy->lookups);
	free(policy);
}

/* Return: false if out of memory. */
static bool copy_string(const char *string, char **copy)
{
	*copy = string ? strdup(string) : NULL;
	return !string || *copy;
}

struct cgfence_policy *policy_copy(const struct cgfence_policy *policy)
{
	cleanup_policy struct cgfence_policy *copy = policy_new();

	if (!copy)
		return NULL;
	*copy = *policy;
	copy->cgroup = NULL;
	copy->except = NULL;
	copy->source = NULL;
	copy->devices = (struct device_rules){ 0 };
	copy->lookups = (struct device_lookups){ 0 };
	if (!copy_string(policy->name, &copy->name) ||
	    !copy_string(policy->cgroup, &copy->cgroup) ||
	    !copy_string(policy->except, &copy->except) ||
	    !copy_string(policy->source, &copy->source) ||
	    device_lookups_copy(&policy->lookups, &copy->lookups) ||
	    device_rules_copy(&policy->devices, &copy->devices))
		return NULL;
	return cleanup_steal(copy);
}

int policy_refuse_unresolved(const struct cgfence_policy *policy, struct cgfence_error *error)
{
	if (policy->devices_base == DEVICE_BASE_CONTAINER)
		return error_set_invalid(
			error,
			"the \"defaults\" of the policy are those of a \"container\", which only oci-hook has; name another list");
	if (!policy->unresolved)
		return 0;
	return error_set_invalid(
		error,
		"the policy was read without the devices of this host and can only be checked; read it again for anything else");
}

static int add_rules(struct device_rules *rules, const struct device_rules *added, bool deny)
{
	struct device_entry entry;
	size_t cursor = 0;
	int result = 0;

	while (result == 0 && device_rules_next(added, deny, &cursor, &entry))
		result = device_rules_add(rules, &entry, deny);
	return result;
}

bool cgfence_policy_needs_container(const struct cgfence_policy *policy)
{
	return policy->devices_base == DEVICE_BASE_CONTAINER;
}

int cgfence_policy_fill_container(struct cgfence_policy *policy, const struct cgfence_policy *given,
				  struct cgfence_error *error)
{
	struct device_rules rules = { 0 };

	if (device_rules_copy(&policy->devices, &rules) ||
	    add_rules(&rules, &given->devices, false) || add_rules(&rules, &given->devices, true)) {
		device_rules_free(&rules);
		return error_out_of_memory(error);
	}
	device_rules_normalise(&rules);
	device_rules_free(&policy->devices);
	policy->devices = rules;
	policy->devices_base = DEVICE_BASE_NONE;
	return 0;
}

int policy_listed_rules(const struct cgfence_policy *policy, struct device_rules *rules)
{
	struct device_rules listed = { 0 };

	if (device_rules_copy(&policy->devices, &listed))
		return -ENOMEM;
	for (size_t i = 0; i < listed.count; i++)
		listed.items[i].allow &= (uint8_t)~device_base_access(policy->devices_base,
								      listed.items[i].selector);
	device_rules_drop_empty(&listed);
	*rules = listed;
	return 0;
}

const char *cgfence_policy_name(const struct cgfence_policy *policy)
{
	return policy->name;
}

const char *cgfence_policy_cgroup(const struct cgfence_policy *policy)
{
	return policy->cgroup;
}

bool cgfence_policy_enforces(const struct cgfence_policy *policy)
{
	return policy->enforce;
}

bool cgfence_policy_fences(const struct cgfence_policy *policy, enum cgfence_topic topic)
{
	return topic == CGFENCE_TOPIC_DEVICES ? policy->devices_fenced : policy->ports_fenced;
}
