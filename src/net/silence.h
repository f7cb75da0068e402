/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The last resort where the kernel does not destroy a socket: acting on a descriptor of it. */
#pragma once

#include "net/listener.h"

/**
 * socket_silence() - end a listener through the descriptor of a holder.
 *
 * TCP is shut down, which ends listening. UDP gets a filter that drops every packet and cannot be removed
 * (SO_LOCK_FILTER, socket(7)); it keeps its port.
 */
int socket_silence(const struct cgfence_holder *holder, const struct listener *listener,
		   struct cgfence_error *error);

/** socket_is_silent() - does the socket have this filter? */
bool socket_is_silent(const struct cgfence_holder *holder);
