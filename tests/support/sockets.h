/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of ports share. Each has a network namespace of its own with loopback up, so that ports never collide,
 * and a cgroup to fence below that of the harness, which stays outside of the fence.
 *
 * An endpoint is text: PROTOCOL ADDRESS PORT [OPTION...], such as "tcp :: 8080 v6only" or "udp 127.0.0.1 0". PROTOCOL is
 * tcp, udp, udplite, mptcp or sctp. PORT "unbound" is a socket that is not bound at all. OPTIONs are v6only, noport
 * (IP_BIND_ADDRESS_NO_PORT), reuseaddr, reuseport and unspec (AF_UNSPEC in the address).
 */
#pragma once

#include "harness.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>

/* Exit codes of children that are no errno. */
#define SOCKETS_STILL_BOUND 250 /* bind was refused, yet the socket has a port */
#define SOCKETS_PORT_TAKEN 251	/* bind was refused, yet nobody else can have the port */
#define SOCKETS_FAILED 252	/* something else went wrong */

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

/** sockets_begin() - harness_begin(), a network namespace and a cgroup to fence; for .init of a suite. */
void sockets_begin(void);

/** sockets_enter_namespace() - move to a new network namespace with loopback up. Return: 0 or -errno. */
int sockets_enter_namespace(void);

/** sockets_fence() - the cgroup to fence; harness_cgroup() is outside. */
struct cgfence_cgroup *sockets_fence(void);

/** sockets_parse() - an endpoint from its text. */
struct endpoint sockets_parse(const char *text);

/** sockets_make() - a socket with the options of the endpoint, not bound yet; -errno if there is none. */
int sockets_make(const struct endpoint *endpoint);

/** sockets_open() - a socket, bound if the endpoint is. Return: a descriptor or -errno. */
int sockets_open(const char *text);

/**
 * sockets_open_free() - sockets_open() on a port that nobody is to hold any more.
 *
 * Whoever looks at the descriptors of all tasks, as another test's reconciler does, may hold a socket a little longer
 * than its owner. That the port is taken then is nothing that a fence says, and is waited for.
 *
 * Return: a descriptor or -errno, -EADDRINUSE if somebody does hold the port.
 */
int sockets_open_free(const char *text);

/** sockets_try() - whether a port that nobody is to hold can be had, and for TCP listened on. Return: 0 or errno. */
int sockets_try(const char *text);

/** sockets_port() - the port that a socket has, in host order; 0 if none. */
uint16_t sockets_port(int fd);

/** sockets_skip() - skip the test, with the reason, for want of something in this kernel. */
void sockets_skip(const char *reason) __attribute__((noreturn));

/** sockets_skip_without() - skip the test if a socket of the endpoint's protocol cannot be made here. */
void sockets_skip_without(const char *text);

/**
 * sockets_bind() - in @cgroup, make and bind a socket.
 *
 * Return: 0, errno, or SOCKETS_* if the bind was refused with EPERM but left something behind.
 */
int sockets_bind(const struct cgfence_cgroup *cgroup, const char *text);

/** sockets_listen() - in @cgroup, make, bind and listen. Return: 0, errno, 1000 + N if signal N ended the child. */
int sockets_listen(const struct cgfence_cgroup *cgroup, const char *text);

/** sockets_guard() - the listen guard of a fence. */
enum cgfence_listen_guard sockets_guard(const struct cgfence_cgroup *cgroup);

/** sockets_guarded_result() - what harness_in_cgroup() returns of a child that listens where the guard is against it. */
int sockets_guarded_result(enum cgfence_listen_guard guard);

/** sockets_guarded_verdict() - as what an enforcing fence with this guard records such a listener. */
enum cgfence_verdict sockets_guarded_verdict(enum cgfence_listen_guard guard);

/** sockets_hook_programs() - how many programs of an attach type are on a cgroup itself. */
unsigned int sockets_hook_programs(const struct cgfence_cgroup *cgroup, int attach_type);

struct refusals {
	struct cgfence_denial_record *records; /* to be given to free() */
	size_t count;
	struct cgfence_counters counters;
};

/** sockets_refusals() - what a fence remembers of refusals. */
struct refusals sockets_refusals(const struct cgfence_cgroup *cgroup);

/** sockets_refusal_count() - how many refusals of a hook, whatever the verdict, a fence has counted. */
uint64_t sockets_refusal_count(const struct cgfence_cgroup *cgroup, enum cgfence_hook hook);
