/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Acts on an excess listener as the policy demands. */
#pragma once

#include "reconcile/holders_find.h"
#include "reconcile/plan.h"

struct act_result {
	enum cgfence_action action;
	bool gone;		      /* the policy still forbids the listener, but it is gone */
	struct cgfence_error failure; /* empty if nothing failed */
};

/**
 * act_on() - look again, and act as the policy of the fence demands now.
 * @second_look: shared by all listeners of a pass
 *
 * It waits for a command that changes the fence, so that no port is acted on once the command that assigns it has
 * returned. It verifies the effect: a closed socket no longer listens, a killed fence is empty.
 */
void act_on(const struct observation *observation, const struct sighting *sighting,
	    struct second_look *second_look, struct act_result *result);
