/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a program of somebody else says of ports: the kernel is asked, on a cgroup and in a network namespace of ours. */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/foreign.h>

#define FOREIGN_PORTS 65536

/**
 * foreign_ask_ports() - put each port to a program.
 * @refused: receives, for each port from 0 on, whether the program refuses it, or nobody can have it here
 *
 * Sockets serve @family alone. Port 0 is one that the kernel chooses.
 *
 * Return: 1, 0 if the program has no say on such sockets, or -errno if it cannot be asked, with the reason.
 */
int foreign_ask_ports(const struct cgfence_foreign_program *program, enum cgfence_protocol protocol,
		      enum cgfence_family family, bool refused[FOREIGN_PORTS],
		      struct cgfence_error *error);
