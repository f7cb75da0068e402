// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ports.h"

#include <stdlib.h>
#include <string.h>

#define PORT_COUNT 65536

/* Reads digits and moves on; 0 if there is no port. */
static unsigned int read_port(const char **text)
{
	unsigned int port = 0;

	while (**text >= '0' && **text <= '9' && port < PORT_COUNT)
		port = port * 10 + (unsigned int)(*(*text)++ - '0');
	return port < PORT_COUNT ? port : 0;
}

/* Sets the ports of a list. Return: false if it is none. */
static bool set(const char *text, bool ports[PORT_COUNT])
{
	do {
		unsigned int low = read_port(&text);
		unsigned int high = low;

		if (*text == '-') {
			text++;
			high = read_port(&text);
		}
		if (!low || high < low)
			return false;
		for (unsigned int port = low; port <= high; port++)
			ports[port] = true;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

bool ports_are_within(const char *ports, const char *limit)
{
	bool *wanted = calloc(2 * PORT_COUNT, sizeof(*wanted));
	bool *limits = wanted + PORT_COUNT;
	bool within = wanted && limit && set(ports, wanted) && set(limit, limits);

	for (int port = 0; port < PORT_COUNT && within; port++)
		within = !wanted[port] || limits[port];
	free(wanted);
	return within;
}
