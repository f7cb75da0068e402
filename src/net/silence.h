/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The last resort where the kernel does not destroy a socket: acting on a descriptor of it. */
#pragma once

#include "net/listener.h"

/**
 * socket_silence() - end a listener through the descriptor of a holder.
 *
 * TCP is shut down, which ends listening. UDP keeps its port; it gets a filter that drops every packet and cannot be
 * removed (SO_LOCK_FILTER, socket(7)), and is bound to an interface that does not exist. Where its owner has locked a
 * filter of its own, the latter and a policy of IPsec have to do. It is silent for every holder.
 */
int socket_silence(const struct cgfence_holder *holder, const struct listener *listener,
		   struct cgfence_error *error);

/**
 * socket_is_silent() - is it a UDP socket that has been silenced?
 * @holder: NULL if there is none; the interface is known without
 */
bool socket_is_silent(const struct cgfence_holder *holder, const struct listener *listener);
