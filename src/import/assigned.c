// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/assigned.h"
#include "import/draft.h"
#include "policy/write.h"

#include <string.h>

bool assigned_is_range(json_int_t low, json_int_t high)
{
	return low >= 1 && high <= PORT_MAX && low <= high;
}

void assigned_add(const struct importing *import, struct assigned *assigned, unsigned int protocols,
		  json_int_t low, json_int_t high, const char *place)
{
	struct port_range range = { .families = { true, true } };

	if (!assigned_is_range(low, high)) {
		importing_remark(import, "%s: this is no port; it is left out", place);
		return;
	}
	range.low = (uint16_t)low;
	range.high = (uint16_t)high;
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		if (protocols >> i & 1)
			port_set_add(&assigned->ports[i], &range);
	}
}

int assigned_finish(struct importing *import, const struct assigned *assigned)
{
	return draft_set(import, "ports", policy_write_ports(assigned->ports, false));
}

unsigned int assigned_parse_protocols(const char *text)
{
	unsigned int protocols = 0;

	if (strcasestr(text, "tcp"))
		protocols |= ASSIGNED_TCP;
	if (strcasestr(text, "udp"))
		protocols |= ASSIGNED_UDP;
	return protocols;
}
