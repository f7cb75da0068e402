// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/listener.h"
#include "base/array.h"

#include <arpa/inet.h>
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
	return cgfence_is_tcp((uint32_t)listener->ip_protocol) ? CGFENCE_TCP : CGFENCE_UDP;
}

struct cgfence_served listener_serves(const struct listener *listener)
{
	return listener->domain == AF_INET
		       ? cgfence_served_by_ipv4()
		       : cgfence_served_by_ipv6(listener->address.ipv6.s6_addr32, listener->v6only);
}

bool listener_is_excess(const struct cgfence_image *image, const struct listener *listener)
{
	return !cgfence_served_allowed(image, listener_protocol(listener),
				       listener_serves(listener), listener->port);
}

void listener_format_address(const struct listener *listener, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(listener->domain, &listener->address, text, INET6_ADDRSTRLEN);
}
