// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/listener.h"
#include "base/array.h"

#include <arpa/inet.h>
#include <cgfence/verdict.h>
#include <errno.h>
#include <stdlib.h>

int listeners_add(struct listeners *list, const struct listener *listener)
{
	struct listener *items =
		array_with_room(list->items, list->count, &list->capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = *listener;
	return 0;
}

void listeners_free(struct listeners *list)
{
	free(list->items);
	*list = (struct listeners){ 0 };
}

enum cgfence_protocol listener_protocol(const struct listener *listener)
{
	return listener->ip_protocol == IPPROTO_TCP ? CGFENCE_TCP : CGFENCE_UDP;
}

void listener_serves(const struct listener *listener, bool families[CGFENCE_FAMILY_COUNT])
{
	const struct in6_addr *address = &listener->address.ipv6;

	families[CGFENCE_IPV4] = listener->domain == AF_INET || IN6_IS_ADDR_V4MAPPED(address) ||
				 (IN6_IS_ADDR_UNSPECIFIED(address) && !listener->v6only);
	families[CGFENCE_IPV6] = listener->domain == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(address);
}

bool listener_is_excess(const struct cgfence_image *image, const struct listener *listener)
{
	enum cgfence_protocol protocol = listener_protocol(listener);
	bool families[CGFENCE_FAMILY_COUNT];

	listener_serves(listener, families);
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		if (families[family] &&
		    !cgfence_port_allowed(image, protocol, family, listener->port))
			return true;
	}
	return false;
}

void listener_format_address(const struct listener *listener, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(listener->domain, &listener->address, text, INET6_ADDRSTRLEN);
}
