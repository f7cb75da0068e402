/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports that a scheduler assigns. */
#pragma once

#include "import/importing.h"
#include "policy/port_set.h"

enum assigned_protocols {
	ASSIGNED_TCP = 1 << CGFENCE_TCP,
	ASSIGNED_UDP = 1 << CGFENCE_UDP,
	ASSIGNED_BOTH = ASSIGNED_TCP | ASSIGNED_UDP,
};

struct assigned {
	struct port_set ports[CGFENCE_PROTOCOL_COUNT];
};

/** assigned_is_range() - are these ports, from the low one to the high one? */
bool assigned_is_range(json_int_t low, json_int_t high);

/**
 * assigned_add() - assign ports.
 * @protocols: enum assigned_protocols
 * @place: such as "FILE: ports[3]", for a remark about what is no port, which is left out
 */
void assigned_add(const struct importing *import, struct assigned *assigned, unsigned int protocols,
		  json_int_t low, json_int_t high, const char *place);

/** assigned_finish() - put the ports into the policy, also if there are none. */
int assigned_finish(struct importing *import, const struct assigned *assigned);

/** assigned_parse_protocols() - read "tcp", "UDP" or "udp,tcp". Return: enum assigned_protocols, 0 if it names neither. */
unsigned int assigned_parse_protocols(const char *text);
