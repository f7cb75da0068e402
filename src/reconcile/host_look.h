/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who on the whole host holds a listener that nobody in its fence does. It takes as long as a pass, so a pass looks once
 * for all of them.
 */
#pragma once

#include "reconcile/observation.h"

/* All but @observation begins with zeros. */
struct host_look {
	const struct observation *observation;
	struct holders holders; /* by cookie */
	bool taken;
};

/** host_look_find() - somebody who has a descriptor of a listener; NULL if nobody is found. It lives as long as @look. */
const struct cgfence_holder *host_look_find(struct host_look *look, uint64_t cookie);

/** host_look_free() - free the holders. */
void host_look_free(struct host_look *look);
