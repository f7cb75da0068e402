// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/diff.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/except.h"
#include "policy/write.h"

static json_t *name(const struct cgfence_policy *policy)
{
	return policy->name ? json_string(policy->name) : json_null();
}

static json_t *except(const struct cgfence_policy *policy)
{
	return policy->except ? policy_write_except(policy->except) : json_null();
}

static json_t *enforce(const struct cgfence_policy *policy)
{
	return json_boolean(policy->enforce);
}

static json_t *defaults(const struct cgfence_policy *policy)
{
	return policy_write_base(policy->devices_base);
}

static json_t *adopt(const struct cgfence_policy *policy)
{
	return policy->adopt ? json_true() : json_null();
}

static json_t *sctp(const struct cgfence_policy *policy)
{
	return policy->sctp_any ? json_string("any") : json_null();
}

static json_t *netns(const struct cgfence_policy *policy)
{
	return json_string(policy_netns_words[policy->netns]);
}

static json_t *privileged_ports(const struct cgfence_policy *policy)
{
	return json_boolean(policy->privileged_ports);
}

static json_t *on_violation(const struct cgfence_policy *policy)
{
	return json_string(policy_on_violation_words[policy->on_violation]);
}

/* The values that are not lists, in the order of a written policy. */
static const struct value_key {
	const char *key;
	enum policy_section section;
	bool is_nested;
	json_t *(*read)(const struct cgfence_policy *policy);
} value_keys[POLICY_DIFF_VALUES_MAX] = {
	{ "name", POLICY_SECTION_NONE, false, name },
	{ "except", POLICY_SECTION_NONE, false, except },
	{ "enforce", POLICY_SECTION_NONE, false, enforce },
	{ "adopt", POLICY_SECTION_NONE, false, adopt },
	{ "defaults", POLICY_SECTION_DEVICES, true, defaults },
	{ "sctp", POLICY_SECTION_PORTS, true, sctp },
	{ "netns", POLICY_SECTION_PORTS, false, netns },
	{ "privileged_ports", POLICY_SECTION_PORTS, false, privileged_ports },
	{ "on_violation", POLICY_SECTION_PORTS, false, on_violation },
};

void policy_diff_free(struct policy_diff *diff)
{
	if (!diff)
		return;
	for (size_t i = 0; i < diff->value_count; i++) {
		json_decref(diff->values[i].before);
		json_decref(diff->values[i].after);
	}
	device_rules_free(&diff->devices.removed);
	device_rules_free(&diff->devices.added);
	free(diff);
}

static bool has_section(const struct cgfence_policy *policy, enum policy_section section)
{
	if (!policy || section == POLICY_SECTION_NONE)
		return policy;
	return section == POLICY_SECTION_DEVICES ? policy->devices_fenced : policy->ports_fenced;
}

/* Return: -ENOMEM if jansson could not make a value. */
static int compare_value(const struct value_key *key, const struct cgfence_policy *before,
			 const struct cgfence_policy *after, struct policy_diff *diff)
{
	struct policy_diff_value *value = &diff->values[diff->value_count++];

	*value = (struct policy_diff_value){
		.key = key->key,
		.section = key->section,
		.is_nested = key->is_nested,
		.before = has_section(before, key->section) ? key->read(before) : json_null(),
		.after = has_section(after, key->section) ? key->read(after) : json_null(),
	};
	if (!value->before || !value->after)
		return -ENOMEM;
	if (!json_equal(value->before, value->after))
		return 0;
	json_decref(value->before);
	json_decref(value->after);
	diff->value_count--;
	return 0;
}

static int compare_devices(const struct cgfence_policy *before, const struct cgfence_policy *after,
			   struct device_rules_diff *diff)
{
	if (before && policy_listed_rules(before, &diff->removed))
		return -ENOMEM;
	if (after && policy_listed_rules(after, &diff->added))
		return -ENOMEM;
	device_rules_drop_common(&diff->removed, &diff->added);
	return 0;
}

static void compare_sets(const struct port_set *before, const struct port_set *after,
			 struct port_set_diff *diff)
{
	static const struct port_set none;

	diff->removed = before ? *before : none;
	diff->added = after ? *after : none;
	port_set_subtract(&diff->removed, after ? after : &none);
	port_set_subtract(&diff->added, before ? before : &none);
}

static void compare_ports(const struct cgfence_policy *before, const struct cgfence_policy *after,
			  struct policy_diff *diff)
{
	diff->isolated_range_given.before = before && before->has_isolated_range;
	diff->isolated_range_given.after = after && after->has_isolated_range;
	compare_sets(before ? &before->isolated_range : NULL, after ? &after->isolated_range : NULL,
		     &diff->isolated_range);
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++)
		compare_sets(before ? &before->ports[i] : NULL, after ? &after->ports[i] : NULL,
			     &diff->ports[i]);
}

static int compare(const struct cgfence_policy *before, const struct cgfence_policy *after,
		   struct policy_diff *diff)
{
	for (int i = 0; i < POLICY_SECTION_COUNT; i++) {
		diff->sections[i].before = has_section(before, (enum policy_section)i);
		diff->sections[i].after = has_section(after, (enum policy_section)i);
	}
	for (size_t i = 0; i < POLICY_DIFF_VALUES_MAX; i++) {
		if (compare_value(&value_keys[i], before, after, diff))
			return -ENOMEM;
	}
	if (compare_devices(before, after, &diff->devices))
		return -ENOMEM;
	/* The keys about ports have no effect if ports are not fenced. */
	compare_ports(has_section(before, POLICY_SECTION_PORTS) ? before : NULL,
		      has_section(after, POLICY_SECTION_PORTS) ? after : NULL, diff);
	return 0;
}

int policy_diff_make(const struct cgfence_policy *before, const struct cgfence_policy *after,
		     struct policy_diff **diff, struct cgfence_error *error)
{
	cleanup_policy_diff struct policy_diff *made = NULL;
	int result = before ? policy_refuse_unresolved(before, error) : 0;

	if (result == 0 && after)
		result = policy_refuse_unresolved(after, error);
	if (result)
		return result;
	made = calloc(1, sizeof(*made));
	if (!made || compare(before, after, made))
		return error_out_of_memory(error);
	*diff = cleanup_steal(made);
	return 0;
}
