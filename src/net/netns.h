/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/* The identity of a network namespace. The kernel uses inode numbers again, but not cookies. */
struct netns_identity {
	uint64_t cookie; /* 0 if the kernel has none (before 5.14) */
	uint32_t inum;
};

/** netns_read() - which network namespace this thread is in. */
int netns_read(struct netns_identity *identity, struct cgfence_error *error);

/**
 * netns_read_ephemeral_range() - the ephemeral ports in the network namespace of this thread.
 * @low: receives the first, in host order
 * @high: receives the last
 *
 * It reads net.ipv4.ip_local_port_range (ip_sysctl.rst), which also governs IPv6.
 *
 * Return: 0 or -errno. Then no port may be taken for one that a process chose.
 */
int netns_read_ephemeral_range(uint32_t *low, uint32_t *high, struct cgfence_error *error);

#define NETNS_PORT_WORDS 1024

/* The ports of a network namespace from which the kernel chooses for clients. */
struct netns_ports {
	uint32_t ephemeral_low;
	uint32_t ephemeral_high;
	uint64_t
		*reserved; /* bitmap of those that it hands out to nobody; NULL if there are none */
};

/**
 * netns_read_ports() - read them for the network namespace of this thread.
 * @ports: receives them, to be given to netns_free_ports()
 *
 * The reserved ones are net.ipv4.ip_local_reserved_ports (ip_sysctl.rst), for IPv6 too.
 *
 * Return: 0 or -errno.
 */
int netns_read_ports(struct netns_ports *ports, struct cgfence_error *error);

/** netns_free_ports() - free the bitmap. */
void netns_free_ports(struct netns_ports *ports);

/** netns_is_reserved() - does the kernel hand this port, in host order, out to nobody? */
bool netns_is_reserved(const struct netns_ports *ports, uint16_t port);

/**
 * netns_parse_reserved() - set the bits of a list of ports, as the kernel prints it: "8080,9148-9150".
 * @words: bitmap of NETNS_PORT_WORDS words
 */
void netns_parse_reserved(const char *text, uint64_t *words);

/** netns_is_own() - is it the network namespace that the fence was attached from? */
bool netns_is_own(const struct cgfence_image *image, const struct netns_identity *identity);

/** netns_concerns() - does a fence judge the sockets of this network namespace? */
bool netns_concerns(const struct cgfence_image *image, const struct netns_identity *identity);

/**
 * netns_enter() - move this thread to a network namespace.
 * @netns: descriptor of the namespace
 * @before: receives a descriptor of the one it was in, to be given to netns_leave()
 */
int netns_enter(int netns, int *before, struct cgfence_error *error);

/** netns_leave() - go back and close @before. */
int netns_leave(int before, struct cgfence_error *error);
