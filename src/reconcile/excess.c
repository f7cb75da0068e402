// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/excess.h"
#include "base/cleanup.h"
#include "policy/port_set.h"

#include <cgfence/verdict.h>
#include <stdio.h>
#include <string.h>

bool excess_is(const struct observation *observation, const struct sighting *sighting)
{
	return listener_is_excess(observation->fences.items[sighting->fence].image,
				  &observation->listeners.items[sighting->listener]);
}

static void collect_ports(const struct observation *observation, size_t fence,
			  enum cgfence_protocol protocol, struct port_set *ports)
{
	memset(ports, 0, sizeof(*ports));
	for (size_t i = 0; i < observation->sighting_count; i++) {
		const struct sighting *sighting = &observation->sightings[i];
		const struct listener *listener = &observation->listeners.items[sighting->listener];
		const struct port_range range = {
			.families = { true, true },
			.low = listener->port,
			.high = listener->port,
		};

		if (sighting->fence == fence && listener_protocol(listener) == protocol &&
		    excess_is(observation, sighting))
			port_set_add(ports, &range);
	}
}

char *excess_format_ports(const struct observation *observation, size_t fence,
			  enum cgfence_protocol protocol)
{
	cleanup_free struct port_set *ports = malloc(sizeof(*ports));
	struct port_range range;
	uint32_t cursor = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (stream && ports) {
		collect_ports(observation, fence, protocol, ports);
		while (port_set_next(ports, &cursor, &range)) {
			char word[PORT_RANGE_TEXT_SIZE];

			port_range_format(&range, word);
			fprintf(stream, "%s%s", ftell(stream) ? "," : "", word);
		}
	}
	if (stream)
		fclose(stream);
	return text;
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
