/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Acts on an excess listener as the policy demands. */
#pragma once

#include "reconcile/action.h"

/** act_pass_begin() - begin a pass; the caller then says where it notes what it has locked. Return: 0 or -ENOMEM. */
int act_pass_begin(struct act_pass *pass, const struct observation *observation,
		   struct holders_iterator *iterator);

/** act_pass_end() - free what the steps share. */
void act_pass_end(struct act_pass *pass);

/**
 * act_on() - look again, and act as the policy of the fence demands now.
 *
 * It waits for a command that changes the fence, so that no port is acted on once the command that assigns it has
 * returned. It verifies the effect: a closed socket no longer listens, a killed fence is empty. If processes outlive the
 * kill, the socket is closed all the same.
 */
void act_on(struct act_pass *pass, const struct sighting *sighting, struct act_result *result);
