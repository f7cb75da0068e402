/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets that others can reach: TCP in LISTEN, and UDP bound and not connected, or connected to port 0. */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/verdict.h>
#include <netinet/in.h>

struct listener {
	uint64_t cookie;    /* unique until the host reboots */
	uint64_t cgroup_id; /* of the cgroup that it was made in; 0 if the kernel does not tell */
	uint32_t inode;	    /* 0 if no descriptor holds it */
	uint32_t interface; /* index of the interface that it is bound to, 0 for all */
	size_t netns;	    /* index into the observed namespaces */
	int domain;	    /* AF_INET or AF_INET6 */
	int ip_protocol;    /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_UDPLITE */
	uint16_t port;	    /* host order */
	bool v6only;
	union listener_address {
		struct in_addr ipv4;
		struct in6_addr ipv6;
	} address;		     /* network order, the rest 0 */
	union listener_address peer; /* all that it hears, of every port; 0 for all addresses */
};

struct listeners {
	struct listener *items;
	size_t count;
	size_t capacity;
};

/** listeners_add() - append a copy. Return: 0 or -ENOMEM. */
int listeners_add(struct listeners *list, const struct listener *listener);

/** listeners_free() - free the items. */
void listeners_free(struct listeners *list);

/** listener_protocol() - the protocol that a policy names. */
enum cgfence_protocol listener_protocol(const struct listener *listener);

/** listener_serves() - which families reach a listener. */
struct cgfence_served listener_serves(const struct listener *listener);

/** listener_is_excess() - does the fence forbid its sockets this port? */
bool listener_is_excess(const struct cgfence_image *image, const struct listener *listener);

/** listener_format_address() - write the address as inet_ntop(3) does. */
void listener_format_address(const struct listener *listener, char text[INET6_ADDRSTRLEN]);
