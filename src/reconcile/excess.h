/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides which sightings are in excess, and words the reason; pure functions. */
#pragma once

#include "reconcile/observation.h"

/** excess_is() - does the listener serve a port that the fence of the sighting does not assign? */
bool excess_is(const struct observation *observation, const struct sighting *sighting);

/**
 * excess_format_ports() - all ports that are in excess in a fence, of either family, as "9,8080-8081".
 * @fence: index of the fence
 *
 * Return: text to be given to free(); NULL without memory.
 */
char *excess_format_ports(const struct observation *observation, size_t fence,
			  enum cgfence_protocol protocol);

/** excess_format_reason() - why a sighting is in excess, to be given to free(); NULL without memory. */
char *excess_format_reason(const struct observation *observation, const struct sighting *sighting);
