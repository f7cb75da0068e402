// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The difference between two policies as JSON, without the keys that do not differ. */
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/diff.h"
#include "policy/write.h"

static json_t *make_presence(const struct policy_presence *presence)
{
	return json_pack("{s:b, s:b}", "before", presence->before, "after", presence->after);
}

static void add_values(json_t *object, const struct policy_diff *diff, enum policy_section section,
		       bool nested)
{
	for (size_t i = 0; i < diff->value_count; i++) {
		const struct policy_diff_value *value = &diff->values[i];

		if (value->section == section && value->is_nested == nested)
			json_object_set_new(object, value->key,
					    json_pack("{s:O, s:O}", "before", value->before,
						      "after", value->after));
	}
}

/* Takes the references to both lists. */
static void add_lists(json_t *object, const char *key, json_t *removed, json_t *added)
{
	if (json_array_size(removed) || json_array_size(added))
		json_object_set_new(object, key,
				    json_pack("{s:O, s:O}", "removed", removed, "added", added));
	json_decref(removed);
	json_decref(added);
}

static json_t *list_ranges(const struct port_set *set)
{
	json_t *list = json_array();
	struct port_range range;
	uint32_t cursor = 0;

	while (port_set_next(set, &cursor, &range)) {
		char text[PORT_RANGE_TEXT_SIZE];

		port_range_format(&range, text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void add_ports(json_t *object, const char *key, const struct port_set_diff *diff)
{
	add_lists(object, key, list_ranges(&diff->removed), list_ranges(&diff->added));
}

static json_t *begin_section(const struct policy_diff *diff, enum policy_section section)
{
	const struct policy_presence *fenced = &diff->sections[section];
	json_t *object = json_object();

	if (fenced->before != fenced->after)
		json_object_set_new(object, "fenced", make_presence(fenced));
	return object;
}

/* Takes the reference to the object. */
static void add_object(json_t *root, const char *key, json_t *object)
{
	if (json_object_size(object))
		json_object_set(root, key, object);
	json_decref(object);
}

static json_t *make_devices(const struct policy_diff *diff)
{
	const struct device_rules *removed = &diff->devices.removed;
	const struct device_rules *added = &diff->devices.added;
	json_t *object = begin_section(diff, POLICY_SECTION_DEVICES);

	add_values(object, diff, POLICY_SECTION_DEVICES, true);
	add_lists(object, "allow", policy_write_entries(removed, false),
		  policy_write_entries(added, false));
	add_lists(object, "deny", policy_write_entries(removed, true),
		  policy_write_entries(added, true));
	return object;
}

static json_t *make_ports(const struct policy_diff *diff)
{
	json_t *object = begin_section(diff, POLICY_SECTION_PORTS);

	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++)
		add_ports(object, cgfence_protocol_name((enum cgfence_protocol)i), &diff->ports[i]);
	add_values(object, diff, POLICY_SECTION_PORTS, true);
	return object;
}

static void add_isolated_range(json_t *root, const struct policy_diff *diff)
{
	const struct policy_presence *given = &diff->isolated_range_given;

	add_ports(root, "isolated_range", &diff->isolated_range);
	if (given->before == given->after)
		return;
	if (!json_object_get(root, "isolated_range"))
		json_object_set_new(root, "isolated_range",
				    json_pack("{s:[], s:[]}", "removed", "added"));
	json_object_set_new(json_object_get(root, "isolated_range"), "given", make_presence(given));
}

int cgfence_policy_diff_json(const struct cgfence_policy *before,
			     const struct cgfence_policy *after, char **text,
			     struct cgfence_error *error)
{
	cleanup_policy_diff struct policy_diff *diff = NULL;
	int result = policy_diff_make(before, after, &diff, error);
	json_t *root;
	char *dump;

	if (result)
		return result;
	root = json_object();
	add_values(root, diff, POLICY_SECTION_NONE, false);
	add_object(root, "devices", make_devices(diff));
	add_object(root, "ports", make_ports(diff));
	add_isolated_range(root, diff);
	add_values(root, diff, POLICY_SECTION_PORTS, false);
	dump = json_dumps(root, 0);
	json_decref(root);
	if (!dump)
		return error_out_of_memory(error);
	*text = dump;
	return 0;
}
