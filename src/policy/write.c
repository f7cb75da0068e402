// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes a policy as JSON, normalised; the text reads back as the same policy. */
#include "policy/write.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/except.h"

#include <string.h>

json_t *policy_write_entries(const struct device_rules *rules, bool deny)
{
	json_t *list = json_array();
	struct device_entry entry;
	size_t cursor = 0;

	while (device_rules_next(rules, deny, &cursor, &entry)) {
		char text[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entry, text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

json_t *policy_write_base(enum device_base base)
{
	/* As Mesos was the only one once, its short form is what policies say. */
	return base == DEVICE_BASE_NONE || base == DEVICE_BASE_MESOS
		       ? json_boolean(base == DEVICE_BASE_MESOS)
		       : json_string(device_base_words[base]);
}

/* Return: NULL if out of memory. */
static json_t *write_devices(const struct cgfence_policy *policy)
{
	struct device_rules listed = { 0 };
	json_t *devices;

	if (policy_listed_rules(policy, &listed))
		return NULL;
	devices = json_pack("{s:o, s:o, s:o}", "defaults", policy_write_base(policy->devices_base),
			    "allow", policy_write_entries(&listed, false), "deny",
			    policy_write_entries(&listed, true));
	device_rules_free(&listed);
	return devices;
}

json_t *policy_write_port_set(const struct port_set *set)
{
	const char *any = port_set_any_word(set);
	struct port_range range;
	uint32_t cursor = 0;
	json_t *list;

	if (any)
		return json_string(any);
	list = json_array();
	while (list && port_set_next(set, &cursor, &range)) {
		char text[PORT_RANGE_TEXT_SIZE];

		port_range_format(&range, text);
		if (strspn(text, "0123456789") == strlen(text))
			json_array_append_new(list, json_integer(range.low));
		else
			json_array_append_new(list, json_string(text));
	}
	return list;
}

json_t *policy_write_ports(const struct port_set ports[CGFENCE_PROTOCOL_COUNT], bool sctp_any)
{
	const struct port_set *tcp = &ports[CGFENCE_TCP];
	const struct port_set *udp = &ports[CGFENCE_UDP];
	json_t *written;

	if (!sctp_any && memcmp(tcp, udp, sizeof(*tcp)) == 0)
		return policy_write_port_set(tcp);
	written = json_pack("{s:o, s:o}", "tcp", policy_write_port_set(tcp), "udp",
			    policy_write_port_set(udp));
	if (sctp_any)
		json_object_set_new(written, "sctp", json_string("any"));
	return written;
}

/* Return: NULL if out of memory. */
static json_t *write_policy(const struct cgfence_policy *policy)
{
	json_t *devices = policy->devices_fenced ? write_devices(policy) : NULL;
	json_t *root = json_object();

	if (policy->name)
		json_object_set_new(root, "name", json_string(policy->name));
	if (policy->except)
		json_object_set_new(root, "except", policy_write_except(policy->except));
	json_object_set_new(root, "enforce", json_boolean(policy->enforce));
	if (policy->adopt)
		json_object_set_new(root, "adopt", json_true());
	if (policy->devices_fenced && json_object_set_new(root, "devices", devices)) {
		json_decref(root);
		return NULL;
	}
	if (!policy->ports_fenced)
		return root;
	json_object_set_new(root, "ports", policy_write_ports(policy->ports, policy->sctp_any));
	if (policy->has_isolated_range)
		json_object_set_new(root, "isolated_range",
				    policy_write_port_set(&policy->isolated_range));
	json_object_set_new(root, "netns", json_string(policy_netns_words[policy->netns]));
	json_object_set_new(root, "privileged_ports", json_boolean(policy->privileged_ports));
	json_object_set_new(root, "on_violation",
			    json_string(policy_on_violation_words[policy->on_violation]));
	return root;
}

int cgfence_policy_format(const struct cgfence_policy *policy, char **text,
			  struct cgfence_error *error)
{
	int result = policy_refuse_unresolved(policy, error);
	json_t *root;
	char *dump;

	if (result)
		return result;
	root = write_policy(policy);
	dump = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!dump)
		return error_set(error, ENOMEM, "out of memory while writing the policy");
	*text = dump;
	return 0;
}

/* Two policies are equal exactly if they have the same text. */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b)
{
	cleanup_free char *text_a = NULL;
	cleanup_free char *text_b = NULL;

	return cgfence_policy_format(a, &text_a, NULL) == 0 &&
	       cgfence_policy_format(b, &text_b, NULL) == 0 && strcmp(text_a, text_b) == 0;
}
