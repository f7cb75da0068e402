// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/clients.h"

static const struct port_claims no_claims;

static struct choice_place place_of(const struct observation *observation, size_t netns)
{
	const struct sock_diag *diag = observation->netns[netns];

	return (struct choice_place){ sock_diag_netns(diag), sock_diag_ports(diag) };
}

/* The ports that are ephemeral for all fences that judge a network namespace. */
static void common_range(const struct observation *observation, const struct choice_place *place,
			 uint32_t *low, uint32_t *high)
{
	*low = 0;
	*high = UINT16_MAX;
	for (size_t i = 0; i < observation->fences.count; i++) {
		const struct cgfence_image *image = observation->fences.items[i].image;
		uint32_t own_low;
		uint32_t own_high;

		if (!netns_concerns(image, place->netns))
			continue;
		choice_ephemeral(image, place, &own_low, &own_high);
		*low = own_low > *low ? own_low : *low;
		*high = own_high < *high ? own_high : *high;
	}
}

void clients_skip(struct observation *observation, size_t netns, size_t first,
		  const struct port_claims *claims)
{
	const struct choice_place place = place_of(observation, netns);
	struct listeners *list = &observation->listeners;
	size_t kept = first;
	uint32_t high;
	uint32_t low;

	common_range(observation, &place, &low, &high);
	for (size_t i = first; i < list->count; i++) {
		uint16_t port = list->items[i].port;

		if (list->items[i].ip_protocol == IPPROTO_TCP || port < low || port > high ||
		    !claims || port_claims_any(claims, port) ||
		    netns_is_reserved(place.ports, port))
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* TCP and what the policy allows need no further look. */
static bool may_be_client(const struct observation *observation, const struct sighting *sighting)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];

	return listener->ip_protocol != IPPROTO_TCP &&
	       listener_is_excess(observation->fences.items[sighting->fence].image, listener);
}

static enum port_choice choice(const struct observation *observation,
			       const struct sighting *sighting, const struct port_fences *fences,
			       const struct port_claims *claims)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	const struct choice_place place = place_of(observation, listener->netns);
	size_t fence = port_fences_find(fences, observation->fences.items[sighting->fence].id);

	if (!may_be_client(observation, sighting))
		return PORT_CHOICE_PROCESS;
	if (fence != PORT_FENCE_NONE)
		return choice_of(fences, fence, claims, &place, listener);
	/* It has vanished since it was observed, or could not be read again. */
	return choice_of(&observation->fences, sighting->fence, &no_claims, &place, listener);
}

bool clients_in_doubt(const struct observation *observation)
{
	for (size_t i = 0; i < observation->sighting_count; i++) {
		if (choice(observation, &observation->sightings[i], &observation->fences,
			   &no_claims) == PORT_CHOICE_KERNEL)
			return true;
	}
	return false;
}

void clients_drop(struct observation *observation, const struct port_fences *fences,
		  const struct port_claims *claims)
{
	size_t kept = 0;

	for (size_t i = 0; i < observation->sighting_count; i++) {
		struct sighting *sighting = &observation->sightings[i];

		sighting->choice = choice(observation, sighting, fences, claims);
		if (sighting->choice != PORT_CHOICE_KERNEL)
			observation->sightings[kept++] = *sighting;
	}
	observation->sighting_count = kept;
}
