// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/ports_kept.h"
#include "net/netns.h"

/* Were the sockets that the new policy concerns all judged by the old one? */
static bool concerned_all(const struct fence_change *change)
{
	const struct cgfence_image *old = change->old.image;
	struct netns_identity here;

	if (old->ports.netns_any || change->new.image->ports.netns_any)
		return old->ports.netns_any;
	return change->keeps_netns || (netns_read(&here, NULL) == 0 && netns_is_own(old, &here));
}

/*
 * A bind that the old bind program did not see may be under way: then the new policy is as young as a first one. One that
 * is torn may have had no such program.
 */
static void take_over_age(struct fence_change *change)
{
	if (!change->old.torn && concerned_all(change))
		change->new.image->ports.since_ns = change->old.image->ports.since_ns;
}

void ports_kept_take_over(struct fence_change *change)
{
	const struct cgfence_port_table *old = &change->old.image->ports;
	struct cgfence_port_table *new = &change->new.image->ports;

	take_over_age(change);
	if (!change->keeps_netns)
		return;
	new->netns_cookie = old->netns_cookie;
	new->netns_inum = old->netns_inum;
	new->ephemeral_low = old->ephemeral_low;
	new->ephemeral_high = old->ephemeral_high;
}
