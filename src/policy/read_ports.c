// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/policy.h"
#include "policy/read_ports.h"

#include <stdio.h>
#include <string.h>

/* Is an element what would be right in place of the whole list? */
static bool stands_alone(const char *text)
{
	struct port_set set;

	return (strstr(text, "any") || strchr(text, ',')) && port_set_parse(text, &set, NULL) == 0;
}

static int add_ports(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_error error = { 0 };
	struct port_range range;
	char digits[24];
	const char *text;

	if (json_is_integer(value)) {
		snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
		text = digits;
	} else if (json_is_string(value)) {
		text = json_string_value(value);
	} else {
		return reader_refuse(
			reader, value,
			"a port is a number such as 8080 or a string such as \"31000-31005\"");
	}
	if (port_range_parse(text, &range, &error))
		return reader_refuse(
			reader, value, "%s",
			stands_alone(text)
				? "this is right in place of a list, but not in one; leave out the brackets"
				: error.text);
	port_set_add(target, &range);
	return 0;
}

static int read_port_set(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_error error = { 0 };
	struct port_set set;

	if (json_is_array(value))
		return reader_read_list(reader, value, add_ports, target);
	if (!json_is_string(value))
		return reader_refuse(
			reader, value,
			"this must be a list of ports, in brackets, or a string such as \"any\" or \"8080,31000-31005\"");
	if (port_set_parse(json_string_value(value), &set, &error))
		return reader_refuse(reader, value, "%s", error.text);
	port_set_unite(target, &set);
	return 0;
}

static int read_sctp(struct reader *reader, const json_t *value, void *target)
{
	if (!json_is_string(value) || strcmp(json_string_value(value), "any") != 0)
		return reader_refuse(
			reader, value,
			"SCTP ports cannot be told apart; this must be \"any\", or leave the key out");
	*(bool *)target = true;
	return 0;
}

static const struct reader_key ports_keys[] = {
	{ "tcp", read_port_set, offsetof(struct cgfence_policy, ports[CGFENCE_TCP]) },
	{ "udp", read_port_set, offsetof(struct cgfence_policy, ports[CGFENCE_UDP]) },
	{ "sctp", read_sctp, offsetof(struct cgfence_policy, sctp_any) },
	{ 0 },
};

int policy_read_ports(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_policy *policy = target;
	int result;

	policy->ports_fenced = true;
	if (json_is_object(value))
		return reader_read_object(reader, value, ports_keys, policy);
	result = read_port_set(reader, value, &policy->ports[CGFENCE_TCP]);
	policy->ports[CGFENCE_UDP] = policy->ports[CGFENCE_TCP];
	return result;
}

int policy_read_isolated_range(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_policy *policy = target;

	policy->has_isolated_range = true;
	return read_port_set(reader, value, &policy->isolated_range);
}
