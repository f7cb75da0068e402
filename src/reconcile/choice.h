/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the kernel or a process chose the port of a UDP socket; pure functions. */
#pragma once

#include "net/netns.h"
#include "reconcile/claims.h"

enum port_choice {
	PORT_CHOICE_PROCESS,  /* it is not ephemeral, or not of UDP */
	PORT_CHOICE_RESERVED, /* ephemeral, but the kernel hands it out to nobody */
	PORT_CHOICE_CLAIMED,  /* ephemeral, but assigned to another fence */
	PORT_CHOICE_KERNEL,   /* ephemeral: the socket is a client */
};

/** struct choice_place - where a socket is. */
struct choice_place {
	const struct netns_identity *netns;
	const struct netns_ports *ports; /* of that network namespace */
};

/**
 * choice_ephemeral() - the ports that are ephemeral for a fence.
 * @low: receives the first, in host order; above @high if there are none
 * @high: receives the last
 *
 * In the network namespace that the fence was attached from they are what the kernel has now. The range of another one
 * may be of the process's own making; there they are those of the host when the fence was attached.
 */
void choice_ephemeral(const struct cgfence_image *image, const struct choice_place *place,
		      uint32_t *low, uint32_t *high);

/**
 * choice_of() - who chose the port of a UDP socket that is bound and not connected.
 * @fences: all that fence ports
 * @fence: index of the one that judges
 * @claims: of these fences
 */
enum port_choice choice_of(const struct port_fences *fences, size_t fence,
			   const struct port_claims *claims, const struct choice_place *place,
			   const struct listener *listener);

/** choice_reason() - as a part of a sentence about the port, such as ", and is reserved"; "" if it needs no word. */
const char *choice_reason(enum port_choice choice);
