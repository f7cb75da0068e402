/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tries of fences share: their results, and a process in a fence. */
#pragma once

#include <cgfence/reconcile.h>

/* More than a fence can do without. */
#define TRIES_MISSING_MAX 16

/* In place of an errno: it was not tried. */
#define TRY_NOT_MADE (-1)

/* In place of an errno: the process was killed. */
#define TRY_KILLED 1000

/* How a listener was found that a fence did not see made. */
struct try_listener {
	uint16_t port; /* host order; 0 if it could not be made */
	bool found;
	enum cgfence_action action; /* if it was found */
};

struct tries {
	struct cgfence_error place; /* why nothing could be tried; "" if it could */

	struct cgfence_error fence; /* why there is no fence; "" if there is one */
	enum cgfence_listen_guard guard;
	const char *missing[TRIES_MISSING_MAX + 1]; /* ended by NULL */
	/* The errno with which a process in it fails, 0 if it does not. */
	int device;
	int bind_tcp;
	int bind_udp;
	int listen; /* ECONNREFUSED if it listens, but a client is refused */

	struct cgfence_error pass; /* why there was no pass; "" if there was one */
	bool by_iterator;	   /* holders are found by it */
	struct try_listener held;  /* by a process in the fence */
	struct try_listener sent;  /* in a unix socket of such a process, and nowhere else */

	struct cgfence_error standing; /* why there is no standing fence; "" if there is one */
	int member;		       /* like @device, in a member */
	int stranger;		       /* and beside it, where no fence is */
};

/** trying_in_child() - run a function in a process in a cgroup. Return: what it returned, TRY_KILLED, or TRY_NOT_MADE. */
int trying_in_child(const struct cgfence_cgroup *cgroup, int (*function)(void *context),
		    void *context);

/** trying_settle() - empty the error of what succeeded, in which tries on the way may have left a text. Return: @result. */
int trying_settle(int result, struct cgfence_error *error);

/** trying_attach() - fence a cgroup with a policy as text. Return: 0 or -errno. */
int trying_attach(const struct cgfence_cgroup *cgroup, const char *policy,
		  struct cgfence_error *error);
