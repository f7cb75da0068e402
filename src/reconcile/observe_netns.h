/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which network namespaces must be looked at. */
#pragma once

#include "reconcile/observation.h"

/** observe_netns_add() - look at a network namespace too, unless it is already; -1 is that of this thread. */
int observe_netns_add(struct observation *observation, int netns, struct cgfence_error *error);

/** observe_netns_of_members() - add those that tasks of the fences are in and that their fence judges. */
int observe_netns_of_members(struct observation *observation, struct cgfence_error *error);

/** observe_netns_of_holders() - add those of sockets that tasks hold, though they are in none of them. */
int observe_netns_of_holders(struct observation *observation, struct cgfence_error *error);

/** observe_netns_of_event() - add that of this thread and that of the process that listened. */
int observe_netns_of_event(struct observation *observation, uint32_t pid,
			   struct cgfence_error *error);
