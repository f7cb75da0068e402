/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that hold a socket in a cgroup, for the reconciler to find. */
#pragma once

#include "support/sockets.h"

#include <sys/types.h>

struct holder_options {
	const struct cgfence_cgroup *cgroup; /* the cgroup it ends up in */
	const char *endpoint;		     /* as in endpoint.h; all but UDP sockets listen */
	bool recycled; /* its socket is an accepted connection from outside, endpoint_recycled() */
	bool moved_in; /* it enters the cgroup with its socket, past every hook */
	bool leaves;   /* it returns to the cgroup of the test once it holds its socket */
	unsigned int more;    /* it holds as many more TCP listeners, on the ports from 7001 on */
	const char *comm;     /* its name, NULL for that of the test */
	const char *argument; /* if not NULL, it executes a shell with this in its command line */
};

struct holder {
	pid_t pid;
	uint16_t port; /* of its socket, in host order */
};

/** holder_start() - start one; returns when it holds its socket in the cgroup. To be given to holder_stop(). */
void holder_start(struct holder *holder, const struct holder_options *options);

/** holder_start_excess() - start one that was moved to @cgroup with a TCP listener on a port of its own. */
void holder_start_excess(struct holder *holder, const struct cgfence_cgroup *cgroup);

/** holder_is_reachable() - does anybody listen on its TCP port of IPv4? */
bool holder_is_reachable(const struct holder *holder);

/** holder_await_unreachable() - wait until nobody listens; the test fails if that never happens. */
void holder_await_unreachable(const struct holder *holder);

/** holder_stop() - end it. Return: the signal that ended it, maybe earlier. */
int holder_stop(struct holder *holder);
