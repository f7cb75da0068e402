/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SocketBindAllow= and SocketBindDeny= (systemd.resource-control(5)). */
#pragma once

#include "import/importing.h"
#include "policy/port_set.h"

/* The ports of the lines of one kind. */
struct socket_bind_list {
	struct port_set ports[CGFENCE_PROTOCOL_COUNT];
	size_t count; /* of lines */
	bool allows;  /* else denies */
	bool zero;    /* port 0 is among them, which no policy has */
};

/**
 * socket_bind_parse() - add "ipv6:tcp:9000-9010", "udp" or "any" to a list.
 *
 * Port 0 is taken for a list that denies alone, since not every version of systemd takes it.
 *
 * Return: 0 or -EINVAL.
 */
int socket_bind_parse(char *text, struct socket_bind_list *list);

/** socket_bind_finish() - put what the lines assign into the policy; nothing if none denies. */
int socket_bind_finish(struct importing *import, const struct socket_bind_list *allow,
		       const struct socket_bind_list *deny);
