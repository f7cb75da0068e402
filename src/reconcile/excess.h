/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sightings are in excess, and why, in words: pure functions. */
#pragma once

#include "reconcile/observation.h"

/** excess_is() - does the fence of the sighting not assign what the listener serves? */
bool excess_is(const struct observation *observation, const struct sighting *sighting);

/**
 * excess_format_ports() - every port that is in excess in a fence, of both families alike, as "9,8080-8081".
 * @fence: index of the fence
 *
 * Return: text to be given to free(); NULL without memory.
 */
char *excess_format_ports(const struct observation *observation, size_t fence,
			  enum cgfence_protocol protocol);

/** excess_format_reason() - why a sighting is in excess, to be given to free(); NULL without memory. */
char *excess_format_reason(const struct observation *observation, const struct sighting *sighting);
