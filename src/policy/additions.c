// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What commands add to a policy, which then is as if it had been written with that. */
#include "base/error.h"
#include "policy/source.h"
#include "policy/write.h"

#include <string.h>

int cgfence_policy_set_name(struct cgfence_policy *policy, const char *name,
			    struct cgfence_error *error)
{
	/* jansson accepts only UTF-8. */
	json_t *string = json_string(name);
	bool valid = string && *name;

	json_decref(string);
	if (!valid)
		return error_set_invalid(
			error, "'%s' cannot name a policy; give text in UTF-8 that is not empty",
			name);
	if (policy->name)
		return 0;
	policy->name = strdup(name);
	return !policy->name || policy_source_set(policy, "name", json_string(name))
		       ? error_out_of_memory(error)
		       : 0;
}

int cgfence_policy_add_ports(struct cgfence_policy *policy, const char *protocol, const char *text,
			     struct cgfence_error *error)
{
	enum cgfence_protocol parsed;
	struct port_set ports;
	int result = port_protocol_parse(protocol, &parsed, error);

	if (result == 0)
		result = port_set_parse(text, &ports, error);
	if (result)
		return result;
	/* Without a section the sets are empty, so the policy gets a section that names only this protocol. */
	policy->ports_fenced = true;
	port_set_unite(&policy->ports[parsed], &ports);
	return policy_source_set(policy, "ports",
				 policy_write_ports(policy->ports, policy->sctp_any))
		       ? error_out_of_memory(error)
		       : 0;
}
