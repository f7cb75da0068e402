// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/port_set.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

/* The three groups of families that a range can have, in the order of a written policy. */
static const struct {
	const char *prefix;
	bool families[PORT_FAMILY_COUNT];
} groups[] = {
	{ "", { true, true } },
	{ "ipv4:", { true, false } },
	{ "ipv6:", { false, true } },
};

static const size_t group_count = sizeof(groups) / sizeof(groups[0]);

/* Reads a port without leading zero; moves *text past it. */
static int parse_port(const char **text, uint16_t *port, struct cgfence_error *error)
{
	size_t digits = strspn(*text, "0123456789");
	uint32_t value = 0;

	if (digits == 0 || **text == '0')
		return error_set_invalid(
			error,
			"a port is a number from 1 to 65535, a range is 'LOW-HIGH', and 'ipv4:' or 'ipv6:' may stand before either");
	for (size_t i = 0; i < digits; i++) {
		value = 10 * value + (uint32_t)((*text)[i] - '0');
		if (value > PORT_MAX)
			return error_set_invalid(error, "the port is over 65535; give 1 to 65535");
	}
	*port = (uint16_t)value;
	*text += digits;
	return 0;
}

/* The families that @text is led by, all if by none; moves *text past the prefix. */
static void parse_families(const char **text, bool families[PORT_FAMILY_COUNT])
{
	size_t group = 0;

	for (size_t i = 1; i < group_count && group == 0; i++) {
		if (strncmp(*text, groups[i].prefix, strlen(groups[i].prefix)) == 0)
			group = i;
	}
	memcpy(families, groups[group].families, sizeof(groups[group].families));
	*text += strlen(groups[group].prefix);
}

int port_range_parse(const char *text, struct port_range *range, struct cgfence_error *error)
{
	struct port_range parsed;
	int result;

	parse_families(&text, parsed.families);
	result = parse_port(&text, &parsed.low, error);
	if (result)
		return result;
	parsed.high = parsed.low;
	if (*text == '-') {
		text++;
		result = parse_port(&text, &parsed.high, error);
		if (result)
			return result;
	}
	if (*text)
		return error_set_invalid(
			error, "'%s' follows the port; a range is 'LOW-HIGH' without spaces", text);
	if (parsed.low > parsed.high)
		return error_set_invalid(error, "the range begins above its end; write '%u-%u'",
					 parsed.high, parsed.low);
	*range = parsed;
	return 0;
}

void port_range_format(const struct port_range *range, char text[PORT_RANGE_TEXT_SIZE])
{
	const char *prefix = "";

	for (size_t i = 0; i < group_count; i++) {
		if (memcmp(groups[i].families, range->families, sizeof(range->families)) == 0)
			prefix = groups[i].prefix;
	}
	if (range->low == range->high)
		snprintf(text, PORT_RANGE_TEXT_SIZE, "%s%u", prefix, range->low);
	else
		snprintf(text, PORT_RANGE_TEXT_SIZE, "%s%u-%u", prefix, range->low, range->high);
}

int port_protocol_parse(const char *text, enum cgfence_protocol *protocol,
			struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(text);
	char hint[NEAREST_HINT_SIZE];

	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		const char *name = cgfence_protocol_name((enum cgfence_protocol)i);

		if (strcmp(text, name) == 0) {
			*protocol = (enum cgfence_protocol)i;
			return 0;
		}
		nearest_try(&nearest, name);
	}
	return error_set_invalid(error, "unknown protocol '%s'%s", text,
				 nearest.best ? nearest_hint(&nearest, hint) : "; give tcp or udp");
}

/* "any", "ipv4:any", or what is not any. */
static bool parse_any(const char *text, struct port_range *range)
{
	*range = (struct port_range){ .low = 1, .high = PORT_MAX };
	parse_families(&text, range->families);
	return strcmp(text, "any") == 0;
}

int port_set_parse(const char *text, struct port_set *set, struct cgfence_error *error)
{
	cleanup_free char *words = strdup(text);
	struct port_set parsed = { 0 };
	char *save = NULL;
	char *word;

	if (!words)
		return error_out_of_memory(error);
	for (word = strtok_r(words, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		struct port_range range;

		if (!parse_any(word, &range) && port_range_parse(word, &range, error)) {
			error_wrap(error, "'%s'", word);
			return -EINVAL;
		}
		port_set_add(&parsed, &range);
	}
	if (port_set_is_empty(&parsed))
		return error_set_invalid(
			error, "no port is given; give ports such as 8080 or 31000-31005, or any");
	*set = parsed;
	return 0;
}

void port_set_add(struct port_set *set, const struct port_range *range)
{
	for (int family = 0; family < PORT_FAMILY_COUNT; family++) {
		if (!range->families[family])
			continue;
		for (uint32_t port = range->low; port <= range->high; port++)
			set->words[family][port / 64] |= 1ULL << port % 64;
	}
}

void port_set_add_any(struct port_set *set)
{
	port_set_add(set, &(struct port_range){ { true, true }, 1, PORT_MAX });
}

void port_set_unite(struct port_set *set, const struct port_set *other)
{
	for (int family = 0; family < PORT_FAMILY_COUNT; family++) {
		for (size_t i = 0; i < PORT_SET_WORDS; i++)
			set->words[family][i] |= other->words[family][i];
	}
}

void port_set_subtract(struct port_set *set, const struct port_set *other)
{
	for (int family = 0; family < PORT_FAMILY_COUNT; family++) {
		for (size_t i = 0; i < PORT_SET_WORDS; i++)
			set->words[family][i] &= ~other->words[family][i];
	}
}

bool port_set_is_empty(const struct port_set *set)
{
	static const struct port_set empty;

	return memcmp(set, &empty, sizeof(empty)) == 0;
}

bool port_set_has(const struct port_set *set, enum port_family family, uint16_t port)
{
	return set->words[family][port / 64] >> port % 64 & 1;
}

bool port_set_is_any(const struct port_set *set)
{
	for (uint32_t port = 1; port <= PORT_MAX; port++) {
		if (!port_set_has(set, PORT_IPV4, port) || !port_set_has(set, PORT_IPV6, port))
			return false;
	}
	return true;
}

/* All bits if a word is to be inverted. */
static uint64_t inversion(bool is_plain)
{
	return is_plain ? 0 : UINT64_MAX;
}

/*
 * The first port from @port on that is in exactly the families of the group, or is not; PORT_MAX + 1 if there is none. Each
 * policy that is written goes through thousands of words here.
 */
static uint32_t find_port(const struct port_set *set, size_t group, uint32_t port, bool is_in)
{
	const uint64_t ipv4 = inversion(groups[group].families[PORT_IPV4]);
	const uint64_t ipv6 = inversion(groups[group].families[PORT_IPV6]);
	const uint64_t wanted = inversion(is_in);

	for (; port <= PORT_MAX; port = (port / 64 + 1) * 64) {
		uint64_t word = (set->words[PORT_IPV4][port / 64] ^ ipv4) &
				(set->words[PORT_IPV6][port / 64] ^ ipv6);
		uint64_t rest = (word ^ wanted) >> port % 64;

		if (rest)
			return port + (uint32_t)__builtin_ctzll(rest);
	}
	return PORT_MAX + 1;
}

bool port_set_next(const struct port_set *set, uint32_t *cursor, struct port_range *range)
{
	/* The cursor counts through all ports of the first group, then of the second, and so on. */
	while (*cursor < group_count * (PORT_MAX + 1)) {
		size_t group = *cursor / (PORT_MAX + 1);
		uint32_t begin = *cursor - (uint32_t)group * (PORT_MAX + 1);
		uint32_t low = find_port(set, group, begin, true);
		uint32_t end = find_port(set, group, low, false);

		*cursor += end - begin;
		if (low > PORT_MAX)
			continue;
		memcpy(range->families, groups[group].families, sizeof(range->families));
		range->low = (uint16_t)low;
		range->high = (uint16_t)(end - 1);
		return true;
	}
	return false;
}

const char *port_set_any_word(const struct port_set *set)
{
	static const char *const words[] = { "any", "ipv4:any", "ipv6:any" };
	struct port_range range;
	uint32_t cursor = 0;
	size_t group = 0;

	if (!port_set_next(set, &cursor, &range) || range.low != 1 || range.high != PORT_MAX ||
	    port_set_next(set, &cursor, &range))
		return NULL;
	for (size_t i = 1; i < group_count; i++) {
		if (memcmp(groups[i].families, range.families, sizeof(range.families)) == 0)
			group = i;
	}
	return words[group];
}
