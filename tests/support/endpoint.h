/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets by their text. Without Criterion, for tests and benchmarks alike.
 *
 * An endpoint is text: PROTOCOL ADDRESS PORT [OPTION...], such as "tcp :: 8080 v6only" or "udp 127.0.0.1 0". PROTOCOL is
 * tcp, udp, udplite, mptcp or sctp. PORT "unbound" is a socket that is not bound at all. OPTIONs are v6only, noport
 * (IP_BIND_ADDRESS_NO_PORT), reuseaddr, reuseport and unspec (AF_UNSPEC in the address).
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct endpoint {
	int domain;
	int type;
	int protocol;
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t length;
	uint16_t port;
	bool unbound;
	bool v6only;
	bool no_port;
	bool reuse_address;
	bool reuse_port;
};

/** endpoint_parse() - an endpoint from its text. */
struct endpoint endpoint_parse(const char *text);

/** endpoint_peer() - the same with the address at which a client reaches it: loopback for any address. */
struct endpoint endpoint_peer(const char *text);

/** endpoint_make() - a socket with the options of the endpoint, not bound yet; -errno if there is none. */
int endpoint_make(const struct endpoint *endpoint);

/** endpoint_open() - a socket, bound if the endpoint is. Return: a descriptor or -errno. */
int endpoint_open(const char *text);

/**
 * endpoint_recycled() - a TCP socket of IPv4 that no call of socket(2) made: an accepted connection, disconnected again.
 *
 * It has the cgroup of the listener that it came from. Return: a descriptor or -errno.
 */
int endpoint_recycled(void);

/**
 * endpoint_open_free() - endpoint_open() on a port that nobody should hold any more.
 *
 * A reader of all tasks' descriptors, such as another test's reconciler, can hold a socket a little longer than its
 * owner. A port that is taken for this reason says nothing about a fence, so this waits for it.
 *
 * Return: a descriptor or -errno, -EADDRINUSE if the port stays taken.
 */
int endpoint_open_free(const char *text);

/** endpoint_bind_free() - bind a socket, likewise waiting for a port that is let go of. Return: 0 or errno. */
int endpoint_bind_free(int fd, const struct endpoint *endpoint);

/** endpoint_try() - whether a port that nobody is to hold can be had, and for TCP listened on. Return: 0 or errno. */
int endpoint_try(const char *text);

/** endpoint_port() - the port that a socket has, in host order; 0 if none. */
uint16_t endpoint_port(int fd);
