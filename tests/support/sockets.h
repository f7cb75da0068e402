/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of ports share. Each has a network namespace of its own with loopback up, so that ports never collide,
 * and a cgroup to fence below that of the harness, which stays outside of the fence. Their sockets are endpoints, by their
 * text.
 */
#pragma once

#include "support/endpoint.h"
#include "support/harness.h"

#include <signal.h>

/* Exit codes of children that are no errno. */
#define SOCKETS_STILL_BOUND 250 /* bind was refused, yet the socket has a port */
#define SOCKETS_PORT_TAKEN 251	/* bind was refused, yet nobody else can have the port */
#define SOCKETS_FAILED 252	/* something else went wrong */

/** sockets_begin() - harness_begin(), a network namespace and a cgroup to fence; for .init of a suite. */
void sockets_begin(void);

/** sockets_fence() - the cgroup to fence; harness_cgroup() is outside. */
struct cgfence_cgroup *sockets_fence(void);

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

/**
 * sockets_bind_alone() - the same without the look for what a refused bind left behind.
 *
 * Before 5.17 a port that a post_bind program refuses stays with its socket, and the look would wait for it in vain.
 */
int sockets_bind_alone(const struct cgfence_cgroup *cgroup, const char *text);

/** sockets_bind_elsewhere() - bind in a new network namespace; for harness_in_cgroup() with the text. Return: 0 or errno. */
int sockets_bind_elsewhere(void *text);

/** sockets_listen() - in @cgroup, make, bind and listen. Return: 0, errno, 1000 + N if signal N ended the child. */
int sockets_listen(const struct cgfence_cgroup *cgroup, const char *text);

/** sockets_guard() - the listen guard of a fence. */
enum cgfence_listen_guard sockets_guard(const struct cgfence_cgroup *cgroup);

/** sockets_misses() - harness_misses() of sockets_fence(). */
bool sockets_misses(const char *name);

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
