/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A later list of the listeners of an observation, which all that need one share: it takes as long for one as for all. */
#pragma once

#include "reconcile/observation.h"

/* All but @observation begins with zeros. */
struct relist {
	const struct observation *observation;
	uint64_t *cookies; /* of the listeners, in ascending order */
	size_t count;
	uint64_t taken_ns; /* CLOCK_BOOTTIME; 0 if there is none yet */
	bool failed;
};

/**
 * relist_has() - is the socket with this cookie a listener, in one of the observed network namespaces?
 * @since_ns: CLOCK_BOOTTIME; a list that was taken before is taken again
 *
 * Return: true also if they cannot be listed.
 */
bool relist_has(struct relist *relist, uint64_t cookie, uint64_t since_ns);

/** relist_free() - free the list. */
void relist_free(struct relist *relist);
