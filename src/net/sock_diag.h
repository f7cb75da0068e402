/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The listening sockets of a network namespace, by sock_diag(7). */
#pragma once

#include "net/listener.h"
#include "net/netns.h"

struct sock_diag;

/**
 * sock_diag_open() - get ready to ask a network namespace.
 * @netns: descriptor of the namespace, -1 for that of this thread
 * @diag: receives the handle, to be given to sock_diag_close()
 */
int sock_diag_open(int netns, struct sock_diag **diag, struct cgfence_error *error);

/** sock_diag_close() - close it; NULL is fine. */
void sock_diag_close(struct sock_diag *diag);

/** sock_diag_netns() - the network namespace that it asks. */
const struct netns_identity *sock_diag_netns(const struct sock_diag *diag);

/** sock_diag_ports() - the ports from which the kernel chooses there. */
const struct netns_ports *sock_diag_ports(const struct sock_diag *diag);

/**
 * sock_diag_dump() - the listeners of a protocol.
 * @ip_protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_UDPLITE
 * @port: in host order, 0 for all
 * @list: gets them appended; their netns stays 0
 *
 * An interrupted dump is repeated, and a failed one adds nothing.
 *
 * Return: 0, -ENOENT if the kernel module for it is missing, another -errno.
 */
int sock_diag_dump(struct sock_diag *diag, int ip_protocol, uint16_t port, struct listeners *list,
		   struct cgfence_error *error);

/**
 * sock_diag_find() - the listener that the kernel finds at the address and port of another.
 * @remote_port: of those that share the port by SO_REUSEPORT, this number chooses which one is found
 * @cookie: receives the cookie of what is found
 *
 * Return: 0, -ENOENT if there is none, another -errno.
 */
int sock_diag_find(struct sock_diag *diag, const struct listener *listener, uint16_t remote_port,
		   uint64_t *cookie);

/**
 * sock_diag_destroy() - destroy this very socket (SOCK_DESTROY).
 * @remote_port: the number with which sock_diag_find() finds it
 *
 * A UDP socket that was bound to a port by number keeps it (__udp_disconnect, net/ipv4/udp.c).
 *
 * Return: 0, -ENOENT if the kernel finds none there or another one, another -errno.
 */
int sock_diag_destroy(struct sock_diag *diag, const struct listener *listener, uint16_t remote_port,
		      struct cgfence_error *error);
