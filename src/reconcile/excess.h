/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides which sightings are in excess, and words the reason; pure functions. */
#pragma once

#include "reconcile/observation.h"

#include <cgfence/reconcile.h>

/** excess_is() - does the listener serve a port that the fence of the sighting does not assign? */
bool excess_is(const struct observation *observation, const struct sighting *sighting);

/* The ports of a protocol that are in excess in a fence. */
struct excess_ports {
	char *text; /* the first CGFENCE_EXCESS_MAX ranges, as "9,8080-8081"; NULL if it is not made yet */
	size_t left_out; /* how many more ranges there are */
};

/**
 * excess_list_ports() - the ports that are in excess in a fence, of either family.
 * @fence: index of the fence
 * @ports: receives them; the text is to be given to free()
 *
 * It looks at the sightings of that fence alone.
 *
 * Return: 0 or -ENOMEM.
 */
int excess_list_ports(const struct observation *observation, size_t fence,
		      enum cgfence_protocol protocol, struct excess_ports *ports);

/* The lists of all fences, each made when it is first asked for. All but @observation begins with zeros. */
struct excess_lists {
	const struct observation *observation;
	struct excess_ports *items;
};

/** excess_lists_find() - the list of a fence; NULL without memory. */
const struct excess_ports *excess_lists_find(struct excess_lists *lists, size_t fence,
					     enum cgfence_protocol protocol);

/** excess_lists_free() - free them. */
void excess_lists_free(struct excess_lists *lists);

/** excess_format_reason() - why a sighting is in excess, to be given to free(); NULL without memory. */
char *excess_format_reason(const struct observation *observation, const struct sighting *sighting);
