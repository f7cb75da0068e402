/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of ports by family, and their text form. */
#pragma once

#include <cgfence/cgfence.h>

#define PORT_MAX 65535
#define PORT_SET_WORDS ((PORT_MAX + 1) / 64)

enum port_family {
	PORT_IPV4,
	PORT_IPV6,
	PORT_FAMILY_COUNT,
};

/* A bit for each port, in host order. */
struct port_set {
	uint64_t words[PORT_FAMILY_COUNT][PORT_SET_WORDS];
};

/* One element of a PORTS list. The longest text is "ipv4:65535-65535". */
struct port_range {
	bool families[PORT_FAMILY_COUNT];
	uint16_t low;
	uint16_t high;
};

#define PORT_RANGE_TEXT_SIZE 20

/**
 * port_range_parse() - read "8080", "31000-31005" or either after "ipv4:" or "ipv6:".
 * @range: receives ports in host order, 1 to PORT_MAX, low no higher than high
 * @error: receives the fault and the right form; the caller adds the place and the value
 */
int port_range_parse(const char *text, struct port_range *range, struct cgfence_error *error);

/** port_range_format() - write a range as port_range_parse() reads it. */
void port_range_format(const struct port_range *range, char text[PORT_RANGE_TEXT_SIZE]);

/** port_protocol_parse() - read "tcp" or "udp". */
int port_protocol_parse(const char *text, enum cgfence_protocol *protocol,
			struct cgfence_error *error);

/**
 * port_set_parse() - read the ports of an operator.
 * @text: "any", "ipv4:any", "ipv6:any", or ports and ranges as port_range_parse() reads them, with commas or blanks between
 *	them
 * @set: receives the ports, at least one
 * @error: receives the fault, the bad value and the right form
 */
int port_set_parse(const char *text, struct port_set *set, struct cgfence_error *error);

/** port_set_add() - put the ports of a range into a set. */
void port_set_add(struct port_set *set, const struct port_range *range);

/** port_set_add_any() - put every port of every family into a set. */
void port_set_add_any(struct port_set *set);

/** port_set_unite() - put the ports of another set into a set. */
void port_set_unite(struct port_set *set, const struct port_set *other);

/** port_set_subtract() - take the ports of another set out of a set. */
void port_set_subtract(struct port_set *set, const struct port_set *other);

/** port_set_is_empty() - does the set hold no port of any family? */
bool port_set_is_empty(const struct port_set *set);

/** port_set_has() - is @port, in host order, in the set? */
bool port_set_has(const struct port_set *set, enum port_family family, uint16_t port);

/** port_set_is_any() - does the set hold every port of every family? */
bool port_set_is_any(const struct port_set *set);

/**
 * port_set_next() - walk a set as the fewest ranges: those that both families share, then each family's own.
 * @cursor: 0 at first, then as the last call left it
 * @range: receives the next range
 *
 * Return: false at the end.
 */
bool port_set_next(const struct port_set *set, uint32_t *cursor, struct port_range *range);

/** port_set_any_word() - "any", "ipv4:any" or "ipv6:any" if that is all that the set holds, else NULL; static. */
const char *port_set_any_word(const struct port_set *set);
