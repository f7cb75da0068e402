/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the network namespaces to observe. */
#pragma once

#include "reconcile/observation.h"

/** observe_netns_add() - add a network namespace, unless it is there already; -1 is that of this thread. */
int observe_netns_add(struct observation *observation, int netns, struct cgfence_error *error);

/** observe_netns_of_members() - add the namespaces of the tasks in fences, if the fence judges them. */
int observe_netns_of_members(struct observation *observation, const struct hierarchy *hierarchy,
			     struct cgfence_error *error);

/** observe_netns_of_holders() - add the namespaces of held sockets that are not those of their holders. */
int observe_netns_of_holders(struct observation *observation, struct cgfence_error *error);

/** observe_netns_of_event() - add the namespace of this thread and that of the process that listened. */
int observe_netns_of_event(struct observation *observation, uint32_t pid,
			   struct cgfence_error *error);
