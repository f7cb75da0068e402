// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/random_policy.h"
#include "base/splitmix64.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define M BPF_DEVCG_ACC_MKNOD
#define RWM (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Section 2 of the specification, in its order. */
static const struct spoken_entry default_entries[] = {
	{ 'c', ANY_NUMBER, ANY_NUMBER, M, false },
	{ 'b', ANY_NUMBER, ANY_NUMBER, M, false },
	{ 'c', 5, 1, RWM, false },
	{ 'c', 4, 0, RWM, false },
	{ 'c', 4, 1, RWM, false },
	{ 'c', 136, ANY_NUMBER, RWM, false },
	{ 'c', 5, 2, RWM, false },
	{ 'c', 10, 200, RWM, false },
	{ 'c', 1, 3, RWM, false },
	{ 'c', 1, 5, RWM, false },
	{ 'c', 1, 7, RWM, false },
	{ 'c', 5, 0, RWM, false },
	{ 'c', 1, 9, RWM, false },
	{ 'c', 1, 8, RWM, false },
};

uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(splitmix64_next(state) % limit);
}

static int random_number(uint64_t *state, uint32_t limit)
{
	return random_below(state, 3) ? (int)random_below(state, limit) : ANY_NUMBER;
}

struct spoken_entry random_entry(uint64_t *state)
{
	return (struct spoken_entry){
		.type = "abc"[random_below(state, 3)],
		.major = random_number(state, RANDOM_MAJORS),
		.minor = random_number(state, RANDOM_MINORS),
		.access = (uint8_t)(1 + random_below(state, 7)),
		.deny = random_below(state, 3) == 0,
	};
}

struct random_policy random_policy_devices(uint64_t *state)
{
	struct random_policy policy = {
		.enforce = random_below(state, 2),
		.defaults = random_below(state, 4) == 0,
		.count = random_below(state, RANDOM_ENTRIES_MAX + 1),
	};

	for (size_t i = 0; i < policy.count; i++)
		policy.entries[i] = random_entry(state);
	return policy;
}

const int random_hot_majors[RANDOM_HOT_MAJORS] = { 1, 4, 5, 10, 136, 137 };
const int random_hot_minors[RANDOM_HOT_MINORS] = { 0, 1, 3, 11, 12, 191, 192, 200, 203, 204 };

/* Fewer deny entries, so that much is allowed. */
struct random_policy random_policy_hot_devices(uint64_t *state)
{
	struct random_policy policy = random_policy_devices(state);

	policy.defaults = random_below(state, 2);
	for (size_t i = 0; i < policy.count; i++) {
		struct spoken_entry *entry = &policy.entries[i];

		if (entry->major != ANY_NUMBER)
			entry->major = random_hot_majors[random_below(state, RANDOM_HOT_MAJORS)];
		if (entry->minor != ANY_NUMBER)
			entry->minor = random_hot_minors[random_below(state, RANDOM_HOT_MINORS)];
		entry->deny = entry->deny && random_below(state, 4) == 0;
	}
	return policy;
}

static void write_number(FILE *stream, int number)
{
	if (number == ANY_NUMBER)
		fputc('*', stream);
	else
		fprintf(stream, "%d", number);
}

static void write_entry(FILE *stream, const struct spoken_entry *entry, uint64_t *state)
{
	static const char *const orders[] = { "rwm", "rmw", "wrm", "wmr", "mrw", "mwr" };
	const char *order = orders[random_below(state, 6)];

	fprintf(stream, "\"%c ", entry->type);
	write_number(stream, entry->major);
	fputc(':', stream);
	write_number(stream, entry->minor);
	fputc(' ', stream);
	for (; *order; order++) {
		uint8_t bit = *order == 'r'   ? BPF_DEVCG_ACC_READ
			      : *order == 'w' ? BPF_DEVCG_ACC_WRITE
					      : BPF_DEVCG_ACC_MKNOD;

		if (entry->access & bit)
			fputc(*order, stream);
	}
	fputc('"', stream);
}

static void write_list(FILE *stream, const struct random_policy *policy, bool deny, uint64_t *state)
{
	const char *separator = "";

	for (size_t i = 0; i < policy->count; i++) {
		if (policy->entries[i].deny != deny)
			continue;
		fputs(separator, stream);
		write_entry(stream, &policy->entries[i], state);
		separator = ", ";
	}
}

static void write_random_ports(FILE *stream, uint64_t *state)
{
	static const char *const prefixes[] = { "", "ipv4:", "ipv6:" };
	uint32_t count = random_below(state, 12);

	if (random_below(state, 10) == 0) {
		fputs("\"any\"", stream);
		return;
	}
	fputc('[', stream);
	for (uint32_t i = 0; i < count; i++) {
		/* Few ports, and both ends of the space. */
		uint32_t low = random_below(state, 2) ? 1 + random_below(state, 30)
						      : 65500 + random_below(state, 30);

		fputs(i ? ", " : "", stream);
		if (random_below(state, 3) == 0)
			fprintf(stream, "%u", low);
		else
			fprintf(stream, "\"%s%u-%u\"", prefixes[random_below(state, 3)], low,
				low + random_below(state, 6));
	}
	fputc(']', stream);
}

static void write_port_keys(FILE *stream, uint64_t *state)
{
	static const char *const reactions[] = { "log", "close", "kill" };

	fputs(", \"ports\": ", stream);
	if (random_below(state, 2)) {
		write_random_ports(stream, state);
	} else {
		fputs("{\"udp\": ", stream);
		write_random_ports(stream, state);
		if (random_below(state, 2)) {
			fputs(", \"tcp\": ", stream);
			write_random_ports(stream, state);
		}
		fprintf(stream, "%s}", random_below(state, 2) ? ", \"sctp\": \"any\"" : "");
	}
	if (random_below(state, 2)) {
		fputs(", \"isolated_range\": ", stream);
		write_random_ports(stream, state);
	}
	fprintf(stream, ", \"netns\": \"%s\", \"privileged_ports\": %s, \"on_violation\": \"%s\"",
		random_below(state, 2) ? "host" : "any", random_below(state, 2) ? "true" : "false",
		reactions[random_below(state, 3)]);
}

char *random_policy_text(const struct random_policy *policy, uint64_t *state, bool with_ports)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		abort();
	fprintf(stream, "{\"enforce\": %s, \"devices\": {\"defaults\": %s, \"allow\": [",
		policy->enforce ? "true" : "false", policy->defaults ? "true" : "false");
	write_list(stream, policy, false, state);
	fputs("], \"deny\": [", stream);
	write_list(stream, policy, true, state);
	fputs("]}", stream);
	if (with_ports)
		write_port_keys(stream, state);
	fputs("}", stream);
	fclose(stream);
	return text;
}

static bool matches(const struct spoken_entry *entry, char type, int major, int minor)
{
	return (entry->type == 'a' || entry->type == type) &&
	       (entry->major == ANY_NUMBER || entry->major == major) &&
	       (entry->minor == ANY_NUMBER || entry->minor == minor);
}

bool reference_allows(const struct spoken_entry *entries, size_t count, char type, int major,
		      int minor, uint8_t access)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].deny && matches(&entries[i], type, major, minor) &&
		    (entries[i].access & access))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		uint8_t bits = 0;

		if (entries[i].deny || !matches(&entries[i], type, major, minor))
			continue;
		/* Of those that match this request, the ones with the same numbers are one entry. */
		for (size_t j = 0; j < count; j++) {
			if (!entries[j].deny && matches(&entries[j], type, major, minor) &&
			    entries[j].major == entries[i].major &&
			    entries[j].minor == entries[i].minor)
				bits |= entries[j].access;
		}
		if ((access & bits) == access)
			return true;
	}
	return false;
}

size_t reference_expand(const struct random_policy *policy,
			struct spoken_entry entries[RANDOM_ENTRIES_MAX + 14])
{
	size_t defaults = policy->defaults ? 14 : 0;

	memcpy(entries, policy->entries, policy->count * sizeof(*entries));
	memcpy(entries + policy->count, default_entries, defaults * sizeof(*entries));
	return policy->count + defaults;
}
