// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/learn_draft.h"
#include "base/error.h"
#include "policy/write.h"

#include <string.h>

static const char nothing[] = "{\"devices\": {\"defaults\": false, \"allow\": []}, \"ports\": []}";

/* Mesos lists devices in another form, which has no place for drivers and deny entries. */
static int rewrite_mesos(json_t *root)
{
	json_t *listed = json_object_get(root, "allowed_devices");
	json_t *devices;

	if (!listed)
		return 0;
	devices = json_pack("{s:b, s:O}", "defaults", 1, "allow", listed);
	if (!devices || json_object_set_new(root, "devices", devices))
		return -ENOMEM;
	return json_object_del(root, "allowed_devices");
}

int learn_draft_begin(struct learn_draft *draft, const char *earlier, size_t length,
		      const char *origin, struct cgfence_error *error)
{
	const char *text = earlier ? earlier : nothing;
	size_t size = earlier ? length : sizeof(nothing) - 1;
	int result;

	*draft = (struct learn_draft){ .origin = origin };
	/* It is what tells of faults. */
	result = cgfence_policy_parse(text, size, origin, &draft->policy, error);
	if (result)
		return result;
	draft->root = json_loadb(text, size, 0, NULL);
	return draft->root && rewrite_mesos(draft->root) == 0 ? 0 : error_out_of_memory(error);
}

void learn_draft_end(struct learn_draft *draft)
{
	json_decref(draft->root);
	cgfence_policy_free(draft->policy);
	*draft = (struct learn_draft){ 0 };
}

int learn_draft_allow(struct learn_draft *draft, const char *entry, struct cgfence_error *error)
{
	json_t *devices = json_object_get(draft->root, "devices");
	json_t *allow = json_object_get(devices, "allow");

	if (!allow) {
		allow = json_array();
		if (json_object_set_new(devices, "allow", allow))
			return error_out_of_memory(error);
	}
	return json_array_append_new(allow, json_string(entry)) ? error_out_of_memory(error) : 0;
}

bool learn_draft_set_base(struct learn_draft *draft, enum device_base base)
{
	json_t *devices = json_object_get(draft->root, "devices");

	return draft->policy->devices_fenced && draft->policy->devices_base == DEVICE_BASE_NONE &&
	       json_object_set_new(devices, "defaults", policy_write_base(base)) == 0;
}

int learn_draft_set_ports(struct learn_draft *draft, struct cgfence_error *error)
{
	const struct cgfence_policy *policy = draft->policy;
	json_t *ports = policy_write_ports(policy->ports, policy->sctp_any);

	if (json_object_set_new(draft->root, "ports", ports) ||
	    (policy->has_isolated_range &&
	     json_object_set_new(draft->root, "isolated_range",
				 policy_write_port_set(&policy->isolated_range))))
		return error_out_of_memory(error);
	return 0;
}

int learn_draft_text(const struct learn_draft *draft, char **text, struct cgfence_error *error)
{
	char *dump = json_dumps(draft->root, JSON_INDENT(2));

	if (!dump)
		return error_out_of_memory(error);
	*text = dump;
	return 0;
}

int learn_draft_read(struct learn_draft *draft, struct cgfence_error *error)
{
	struct cgfence_policy *policy = NULL;
	cleanup_free char *text = NULL;
	int result = learn_draft_text(draft, &text, error);

	if (text)
		result = cgfence_policy_parse(text, strlen(text), draft->origin, &policy, error);
	if (result)
		return result;
	cgfence_policy_free(draft->policy);
	draft->policy = policy;
	return 0;
}
