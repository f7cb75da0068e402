// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/edit.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/edit_devices.h"

static int refuse_unfenced(const struct cgfence_edit *edit, struct cgfence_error *error)
{
	const char *topic = edit->topic == CGFENCE_TOPIC_DEVICES ? "devices" : "ports";

	return error_set(
		error, EINVAL,
		"its policy does not fence %s, so all are allowed and there is nothing to %s; attach a policy with a \"%s\" section to fence them",
		topic, edit->action == CGFENCE_ALLOW ? "allow" : "revoke", topic);
}

static void describe_first(const struct port_set *set, char text[PORT_RANGE_TEXT_SIZE])
{
	struct port_range range;
	uint32_t cursor = 0;

	if (port_set_next(set, &cursor, &range))
		port_range_format(&range, text);
}

/* The fence never refuses a port outside the isolated range. "any" names no single port, so it is not checked. */
static int refuse_outside(const struct cgfence_policy *policy, const struct cgfence_edit *edit,
			  struct cgfence_error *error)
{
	struct port_set outside = edit->ports;
	char text[PORT_RANGE_TEXT_SIZE] = "";

	port_set_subtract(&outside, &policy->isolated_range);
	if (!policy->has_isolated_range || port_set_is_any(&edit->ports) ||
	    port_set_is_empty(&outside))
		return 0;
	describe_first(&outside, text);
	return error_set(
		error, EINVAL,
		"'%s' is outside the isolated range of its policy, where every port is allowed; revoke ports inside it, or attach a policy with a wider one",
		text);
}

static int edit_ports(struct cgfence_policy *policy, const struct cgfence_edit *edit,
		      struct cgfence_error *error)
{
	struct port_set *set = &policy->ports[edit->protocol];
	int result;

	if (edit->action == CGFENCE_ALLOW) {
		port_set_unite(set, &edit->ports);
		return 0;
	}
	result = refuse_outside(policy, edit, error);
	if (result)
		return result;
	port_set_subtract(set, &edit->ports);
	return 0;
}

int policy_edit(const struct cgfence_policy *policy, const struct cgfence_edit *edit,
		struct cgfence_policy **edited, struct cgfence_error *error)
{
	bool devices = edit->topic == CGFENCE_TOPIC_DEVICES;
	cleanup_policy struct cgfence_policy *copy = NULL;
	int result;

	if (devices ? !policy->devices_fenced : !policy->ports_fenced)
		return refuse_unfenced(edit, error);
	copy = policy_copy(policy);
	if (!copy)
		return error_out_of_memory(error);
	result = devices ? policy_edit_devices(policy, edit, copy, error)
			 : edit_ports(copy, edit, error);
	if (result)
		return result;
	/* It is not as it was written any more. */
	free(copy->source);
	copy->source = NULL;
	device_lookups_free(&copy->lookups);
	*edited = cleanup_steal(copy);
	return 0;
}
