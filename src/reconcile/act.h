/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Doing what a policy says about an excess listener. */
#pragma once

#include "reconcile/plan.h"

struct act_result {
	enum cgfence_action action;
	bool gone; /* the policy is against it still, but there is nothing left to act on */
	struct cgfence_error failure; /* why it failed; empty if it did not */
};

/**
 * act_on() - look again, and do what the policy of the fence says now.
 *
 * Waits for a command that changes the fence, so that what it assigns is left alone once it has returned. What was done
 * is verified: a socket that was closed is no listener any more, a fence that was killed is empty.
 */
void act_on(const struct observation *observation, const struct sighting *sighting,
	    struct act_result *result);
