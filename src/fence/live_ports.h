/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What programs of others on the hooks of ports allow, as a policy. */
#pragma once

#include "policy/policy.h"

#include <cgfence/foreign.h>

/** struct live_ports - what asking the programs came to; zeroed before the first. */
struct live_ports {
	struct port_set refused[CGFENCE_PROTOCOL_COUNT];
	bool asked;
	bool refuses_chosen; /* a port that the kernel chooses, too */
};

/**
 * live_ports_ask() - ask the kernel about each port what a program refuses.
 * @ports: is added to
 *
 * Return: 0, or -errno if it cannot be asked, with the reason; then @ports has no part of its answers.
 */
int live_ports_ask(const struct cgfence_foreign_program *program, struct live_ports *ports,
		   struct cgfence_error *error);

/** live_ports_policy() - a policy of ports that refuses what they refuse. Return: the policy, or NULL. */
struct cgfence_policy *live_ports_policy(const struct live_ports *ports);
