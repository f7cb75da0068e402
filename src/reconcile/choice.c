// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/choice.h"

void choice_ephemeral(const struct cgfence_image *image, const struct choice_place *place,
		      uint32_t *low, uint32_t *high)
{
	if (netns_is_own(image, place->netns)) {
		*low = place->ports->ephemeral_low;
		*high = place->ports->ephemeral_high;
	} else {
		*low = image->ports.ephemeral_low;
		*high = image->ports.ephemeral_high;
	}
}

enum port_choice choice_of(const struct port_fences *fences, size_t fence,
			   const struct port_claims *claims, const struct choice_place *place,
			   const struct listener *listener)
{
	uint32_t low;
	uint32_t high;

	if (listener->ip_protocol == IPPROTO_TCP)
		return PORT_CHOICE_PROCESS;
	choice_ephemeral(fences->items[fence].image, place, &low, &high);
	if (listener->port < low || listener->port > high)
		return PORT_CHOICE_PROCESS;
	if (netns_is_reserved(place->ports, listener->port))
		return PORT_CHOICE_RESERVED;
	return port_claims_by_another(claims, fences, fence, place->netns, listener)
		       ? PORT_CHOICE_CLAIMED
		       : PORT_CHOICE_KERNEL;
}

const char *choice_reason(enum port_choice choice)
{
	switch (choice) {
	case PORT_CHOICE_RESERVED:
		return ", and is reserved (ip_local_reserved_ports)";
	case PORT_CHOICE_CLAIMED:
		return ", and belongs to another fence";
	default:
		return "";
	}
}
