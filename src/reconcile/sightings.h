/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joins listeners, holders and fences. */
#pragma once

#include "reconcile/observation.h"

/** sightings_find() - fill in the sightings of an observation from its listeners, holders and fences. */
int sightings_find(struct observation *observation, const struct hierarchy *hierarchy,
		   struct cgfence_error *error);
