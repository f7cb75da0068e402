// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/excess.h"
#include "base/cleanup.h"
#include "policy/port_set.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

bool excess_is(const struct observation *observation, const struct sighting *sighting)
{
	return listener_is_excess(observation->fences.items[sighting->fence].image,
				  &observation->listeners.items[sighting->listener]);
}

/* The index of the first sighting of the fence. */
static size_t first_sighting(const struct observation *observation, size_t fence)
{
	size_t low = 0;
	size_t high = observation->sighting_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (observation->sightings[middle].fence < fence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void collect_ports(const struct observation *observation, size_t fence,
			  enum cgfence_protocol protocol, struct port_set *ports)
{
	memset(ports, 0, sizeof(*ports));
	for (size_t i = first_sighting(observation, fence);
	     i < observation->sighting_count && observation->sightings[i].fence == fence; i++) {
		const struct sighting *sighting = &observation->sightings[i];
		const struct listener *listener = &observation->listeners.items[sighting->listener];
		const struct port_range range = {
			.families = { true, true },
			.low = listener->port,
			.high = listener->port,
		};

		if (listener_protocol(listener) == protocol && excess_is(observation, sighting))
			port_set_add(ports, &range);
	}
}

int excess_list_ports(const struct observation *observation, size_t fence,
		      enum cgfence_protocol protocol, struct excess_ports *ports)
{
	cleanup_free struct port_set *set = malloc(sizeof(*set));
	char *text = malloc(CGFENCE_EXCESS_MAX * PORT_RANGE_TEXT_SIZE);
	struct port_range range;
	uint32_t cursor = 0;
	size_t length = 0;
	size_t count = 0;

	if (!set || !text) {
		free(text);
		return -ENOMEM;
	}
	text[0] = '\0';
	collect_ports(observation, fence, protocol, set);
	for (; port_set_next(set, &cursor, &range); count++) {
		if (count >= CGFENCE_EXCESS_MAX)
			continue;
		if (count)
			text[length++] = ',';
		port_range_format(&range, text + length);
		length += strlen(text + length);
	}
	ports->text = text;
	ports->left_out = count > CGFENCE_EXCESS_MAX ? count - CGFENCE_EXCESS_MAX : 0;
	return 0;
}

const struct excess_ports *excess_lists_find(struct excess_lists *lists, size_t fence,
					     enum cgfence_protocol protocol)
{
	struct excess_ports *ports;

	if (!lists->items)
		lists->items = calloc(lists->observation->fences.count * CGFENCE_PROTOCOL_COUNT,
				      sizeof(*lists->items));
	if (!lists->items)
		return NULL;
	ports = &lists->items[fence * CGFENCE_PROTOCOL_COUNT + protocol];
	return ports->text || excess_list_ports(lists->observation, fence, protocol, ports) == 0
		       ? ports
		       : NULL;
}

void excess_lists_free(struct excess_lists *lists)
{
	for (size_t i = 0;
	     lists->items && i < lists->observation->fences.count * CGFENCE_PROTOCOL_COUNT; i++)
		free(lists->items[i].text);
	free(lists->items);
	lists->items = NULL;
}

/* "", or " for IPv4" if the port is assigned for IPv6 only; and the reverse. */
static const char *refused_families(const struct cgfence_image *image,
				    const struct listener *listener)
{
	static const char *const words[] = { " for IPv4", " for IPv6" };
	const char *word = "";
	int refused = 0;

	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		if (!cgfence_port_allowed(image, listener_protocol(listener), family,
					  listener->port)) {
			word = words[family];
			refused++;
		}
	}
	return refused == 1 ? word : "";
}

/* Tells of a holder without a descriptor. */
static const char *hidden(const struct observation *observation, const struct sighting *sighting)
{
	if (sighting->holder == SIGHTING_NO_HOLDER)
		return "";
	switch (observation->holders.items[sighting->holder].holding) {
	case CGFENCE_HOLDING_UNIX:
		return ", and is on its way in a unix socket";
	case CGFENCE_HOLDING_URING:
		return ", and is held by an io_uring";
	default:
		return "";
	}
}

static const char *way(const struct sighting *sighting)
{
	if (!sighting->made_inside)
		return "; the socket was made outside of the fence";
	return sighting->holder == SIGHTING_NO_HOLDER
		       ? "; the socket was made in the fence, and nobody in it holds it"
		       : "";
}

char *excess_format_reason(const struct observation *observation, const struct sighting *sighting)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	const struct cgfence_image *image = observation->fences.items[sighting->fence].image;
	const char *protocol = cgfence_protocol_name(listener_protocol(listener));
	char *text = NULL;

	if (asprintf(&text, "%s port %u is not assigned%s%s%s%s", protocol, listener->port,
		     refused_families(image, listener), choice_reason(sighting->choice),
		     way(sighting), hidden(observation, sighting)) < 0)
		return NULL;
	return text;
}
