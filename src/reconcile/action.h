/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One action on an excess listener, and what its parts and all actions of a pass share. */
#pragma once

#include "reconcile/holders_find.h"
#include "reconcile/host_look.h"
#include "reconcile/plan.h"
#include "reconcile/relist.h"

/* What the steps of a pass have cost for a fence, which may not delay the others by its doings. */
struct act_costs {
	unsigned int waited_ms;
	unsigned int walks;    /* of its tasks, for holders */
	unsigned int lists;    /* of all listeners, for a single one */
	unsigned int searches; /* for a socket in whose place the kernel finds another one */
	uint64_t killed_ns;    /* CLOCK_BOOTTIME; 0 if that was not tried */
	bool killed;	       /* there were processes, and none is left */
	bool busy;	       /* another command was changing it for too long */
};

/* What the steps of a pass share. All but the pointers that act_pass_begin() sets begins with zeros. */
struct act_pass {
	const struct observation *observation;
	/*
	 * The fence that this thread has locked already, 0 for none: an event of a fence may be handled in the midst of an
	 * action on it.
	 */
	uint64_t *locked;
	struct second_look second_look;
	struct host_look host_look;
	struct relist relist;
	struct act_costs *costs; /* of each fence */
	/*
	 * For a socket that the kernel finds in place of another one: takes the step that acts on it for the fence. The
	 * caller sets it. Return: false if there is no such step, or it has been taken.
	 */
	bool (*take_first)(size_t fence, uint64_t cookie, void *context);
	void *context;
	bool nested;	      /* such a step is being taken */
	uint16_t remote_port; /* with which the kernel finds the socket of that step */
};

struct act_result {
	enum cgfence_action action;
	bool gone;    /* the policy still forbids the listener, but it is gone */
	bool put_off; /* another command changes the fence, and this is no place to wait for it */
	struct cgfence_error
		failure; /* empty if nothing failed; also of a kill that failed before the close */
};

struct action {
	struct act_pass *pass;
	struct act_costs *costs;
	const struct port_fence *fence;
	size_t fence_index;
	const struct listener *listener;
	const struct cgfence_holder *holder; /* NULL if there is none */
	bool made_inside;
	bool silenced; /* by this action */
	struct sock_diag *diag;
	/* The kernel finds the socket with this remote port. */
	bool reachable;
	uint16_t remote_port;
	bool kill_failed;
	struct act_result *result;
};

/** action_fail() - the result is a failure. */
static inline void action_fail(struct action *act)
{
	act->result->action = CGFENCE_ACTION_FAILED;
}
