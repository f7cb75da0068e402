/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Acts on an excess listener as the policy demands. */
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

/** act_pass_begin() - begin a pass. Return: 0 or -ENOMEM. */
int act_pass_begin(struct act_pass *pass, const struct observation *observation,
		   struct holders_iterator *iterator, uint64_t *locked);

/** act_pass_end() - free what the steps share. */
void act_pass_end(struct act_pass *pass);

struct act_result {
	enum cgfence_action action;
	bool gone; /* the policy still forbids the listener, but it is gone */
	struct cgfence_error
		failure; /* empty if nothing failed; also of a kill that failed before the close */
};

/**
 * act_on() - look again, and act as the policy of the fence demands now.
 *
 * It waits for a command that changes the fence, so that no port is acted on once the command that assigns it has
 * returned. It verifies the effect: a closed socket no longer listens, a killed fence is empty. If processes outlive the
 * kill, the socket is closed all the same.
 */
void act_on(struct act_pass *pass, const struct sighting *sighting, struct act_result *result);
