/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is left where the kernel does not destroy a socket: through a descriptor of it. */
#pragma once

#include "net/listener.h"

/**
 * socket_silence() - end a listener through the descriptor of who holds it.
 *
 * TCP is shut down, which ends listening. UDP gets a filter that drops all that arrives and that cannot be taken away
 * (SO_LOCK_FILTER, socket(7)); it keeps its port.
 */
int socket_silence(const struct cgfence_holder *holder, const struct listener *listener,
		   struct cgfence_error *error);

/** socket_is_silent() - has the socket such a filter? */
bool socket_is_silent(const struct cgfence_holder *holder);
