/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells clients, UDP sockets whose port the kernel chose, from listeners. */
#pragma once

#include "reconcile/observation.h"

/**
 * clients_skip() - drop the sockets of a network namespace that are clients whichever fence they belong to.
 * @netns: its index
 * @first: index of its first socket; all from there on are of it
 * @claims: of all fences; NULL if only one of them is observed
 */
void clients_skip(struct observation *observation, size_t netns, size_t first,
		  const struct port_claims *claims);

/** clients_in_doubt() - are there sockets that are clients unless another fence claims their port? */
bool clients_in_doubt(const struct observation *observation);

/**
 * clients_drop() - drop the sightings of clients, and note of the others who chose the port.
 * @fences: all fences, which may be more than are observed
 * @claims: of these
 */
void clients_drop(struct observation *observation, const struct port_fences *fences,
		  const struct port_claims *claims);
