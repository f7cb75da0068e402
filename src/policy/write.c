// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes a policy as JSON, normalised, so that what is written reads back as the same policy. */
#include "policy/write.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <jansson.h>
#include <string.h>

/* What @rule says in the list that is being written; the defaults are said by "defaults": true. */
static uint8_t listed_access(const struct cgfence_policy *policy, const struct device_rule *rule,
			     bool deny)
{
	if (deny)
		return rule->deny;
	if (policy->devices_with_defaults)
		return rule->allow & (uint8_t)~device_default_access(rule->selector);
	return rule->allow;
}

/* What the list says of the same devices of the other type, 0 if nothing. */
static uint8_t twin_access(const struct cgfence_policy *policy, const struct device_rule *rule,
			   bool deny)
{
	const struct device_rule *twin =
		device_rules_find(&policy->devices, rule->selector ^ CGFENCE_SELECTOR_TYPES);

	return twin ? listed_access(policy, twin, deny) : 0;
}

static json_t *write_entries(const struct cgfence_policy *policy, bool deny)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->devices.count; i++) {
		const struct device_rule *rule = &policy->devices.items[i];
		uint8_t access = listed_access(policy, rule, deny);
		struct device_entry entry = device_rule_entry(rule->selector, access);
		char text[DEVICE_ENTRY_TEXT_SIZE];

		if (!access)
			continue;
		if (access == twin_access(policy, rule, deny)) {
			if (entry.character)
				continue; /* said with the block device as type a */
			entry.character = true;
		}
		device_entry_format(&entry, text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *write_devices(const struct cgfence_policy *policy)
{
	return json_pack("{s:b, s:o, s:o}", "defaults", policy->devices_with_defaults, "allow",
			 write_entries(policy, false), "deny", write_entries(policy, true));
}

static json_t *write_port_set(const struct port_set *set)
{
	struct port_range range;
	uint32_t cursor = 0;
	json_t *list;

	if (port_set_is_any(set))
		return json_string("any");
	list = json_array();
	while (port_set_next(set, &cursor, &range)) {
		char text[PORT_RANGE_TEXT_SIZE];

		port_range_format(&range, text);
		if (strspn(text, "0123456789") == strlen(text))
			json_array_append_new(list, json_integer(range.low));
		else
			json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *write_ports(const struct cgfence_policy *policy)
{
	json_t *ports;

	if (!policy->sctp_any && memcmp(&policy->tcp, &policy->udp, sizeof(policy->tcp)) == 0)
		return write_port_set(&policy->tcp);
	ports = json_pack("{s:o, s:o}", "tcp", write_port_set(&policy->tcp), "udp",
			  write_port_set(&policy->udp));
	if (policy->sctp_any)
		json_object_set_new(ports, "sctp", json_string("any"));
	return ports;
}

static json_t *write_policy(const struct cgfence_policy *policy)
{
	json_t *root = json_object();

	if (policy->name)
		json_object_set_new(root, "name", json_string(policy->name));
	json_object_set_new(root, "enforce", json_boolean(policy->enforce));
	if (policy->devices_fenced)
		json_object_set_new(root, "devices", write_devices(policy));
	if (!policy->ports_fenced)
		return root;
	json_object_set_new(root, "ports", write_ports(policy));
	if (policy->has_isolated_range)
		json_object_set_new(root, "isolated_range",
				    write_port_set(&policy->isolated_range));
	json_object_set_new(root, "netns", json_string(policy_netns_words[policy->netns]));
	json_object_set_new(root, "privileged_ports", json_boolean(policy->privileged_ports));
	json_object_set_new(root, "on_violation",
			    json_string(policy_on_violation_words[policy->on_violation]));
	return root;
}

int cgfence_policy_format(const struct cgfence_policy *policy, char **text,
			  struct cgfence_error *error)
{
	json_t *root = write_policy(policy);
	char *dump = json_dumps(root, JSON_INDENT(2));

	json_decref(root);
	if (!dump)
		return error_set(error, ENOMEM, "out of memory while writing the policy");
	*text = dump;
	return 0;
}

/* Two policies say the same exactly if they are written the same. */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b)
{
	cleanup_free char *text_a = NULL;
	cleanup_free char *text_b = NULL;

	return cgfence_policy_format(a, &text_a, NULL) == 0 &&
	       cgfence_policy_format(b, &text_b, NULL) == 0 && strcmp(text_a, text_b) == 0;
}
