// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/live_ports.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/foreign_ask_port.h"

static const enum port_family port_families[CGFENCE_FAMILY_COUNT] = {
	[CGFENCE_IPV4] = PORT_IPV4,
	[CGFENCE_IPV6] = PORT_IPV6,
};

static void add(struct live_ports *ports, enum cgfence_protocol protocol,
		enum cgfence_family family, const bool *refused)
{
	ports->refuses_chosen = ports->refuses_chosen || refused[0];
	for (unsigned int port = 1; port < FOREIGN_PORTS; port++) {
		struct port_range range = { .low = (uint16_t)port, .high = (uint16_t)port };

		range.families[port_families[family]] = true;
		if (refused[port])
			port_set_add(&ports->refused[protocol], &range);
	}
}

int live_ports_ask(const struct cgfence_foreign_program *program, struct live_ports *ports,
		   struct cgfence_error *error)
{
	cleanup_free bool *refused = calloc(FOREIGN_PORTS, sizeof(*refused));
	struct live_ports both = *ports;

	if (!refused)
		return error_out_of_memory(error);
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT * CGFENCE_FAMILY_COUNT; i++) {
		enum cgfence_protocol protocol = (enum cgfence_protocol)(i / CGFENCE_FAMILY_COUNT);
		enum cgfence_family family = (enum cgfence_family)(i % CGFENCE_FAMILY_COUNT);
		int result = foreign_ask_ports(program, protocol, family, refused, error);

		if (result < 0)
			return result;
		both.asked = both.asked || result;
		if (result)
			add(&both, protocol, family, refused);
	}
	*ports = both;
	return 0;
}

struct cgfence_policy *live_ports_policy(const struct live_ports *ports)
{
	struct cgfence_policy *policy = policy_new();

	if (!policy)
		return NULL;
	policy->ports_fenced = true;
	/* The programs are asked whatever the network namespace of the socket. */
	policy->netns = POLICY_NETNS_ANY;
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		port_set_add_any(&policy->ports[i]);
		port_set_subtract(&policy->ports[i], &ports->refused[i]);
	}
	return policy;
}
