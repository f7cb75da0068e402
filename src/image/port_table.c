// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "image/port_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BITMAPS (3 * CGFENCE_PROTOCOL_COUNT * CGFENCE_FAMILY_COUNT + CGFENCE_FAMILY_COUNT)

_Static_assert((int)PORT_IPV4 == (int)CGFENCE_IPV4 && (int)PORT_IPV6 == (int)CGFENCE_IPV6,
	       "families are numbered alike in policies and in images");

/* The place of @run in the words; appends it if it is not there. */
static uint32_t place_run(struct port_words *words, const uint64_t *run, size_t count)
{
	for (size_t i = 0; i + count <= words->count; i++) {
		if (memcmp(words->words + i, run, count * sizeof(*run)) == 0)
			return (uint32_t)i;
	}
	memcpy(words->words + words->count, run, count * sizeof(*run));
	words->count += count;
	return (uint32_t)(words->count - count);
}

/* Port 0 is no port; its bit is never set and may count as either value. */
static bool is_full(const uint64_t *set, size_t word)
{
	return !~(set[word] | (word == 0));
}

static bool is_alike(const uint64_t *set, size_t word, bool outside)
{
	return outside ? is_full(set, word) : !set[word];
}

static struct cgfence_port_bitmap compile_set(const uint64_t *set, struct port_words *words)
{
	bool outside = is_full(set, 0) && is_full(set, PORT_SET_WORDS - 1);
	struct cgfence_port_bitmap bitmap = { .outside = outside };
	size_t first = 0;
	size_t end = PORT_SET_WORDS;

	while (first < PORT_SET_WORDS - 1 && is_alike(set, first, outside))
		first++;
	while (end > first + 1 && is_alike(set, end - 1, outside))
		end--;
	bitmap.first_word = (uint32_t)first;
	bitmap.word_count = (uint32_t)(end - first);
	bitmap.offset = place_run(words, set + first, end - first);
	return bitmap;
}

/* From the first word on, whatever its value. */
static struct cgfence_port_bitmap compile_waived(const struct cgfence_policy *policy,
						 const uint64_t *assigned, struct port_words *words)
{
	struct cgfence_port_bitmap bitmap = { .word_count = 1 };
	uint64_t waived[CGFENCE_PRIVILEGED_PORTS / 64] = { 0 };

	if (policy->privileged_ports)
		memcpy(waived, assigned, sizeof(waived));
	for (uint32_t i = 1; i < CGFENCE_PRIVILEGED_PORTS / 64; i++) {
		if (waived[i])
			bitmap.word_count = i + 1;
	}
	bitmap.offset = place_run(words, waived, bitmap.word_count);
	return bitmap;
}

/* The ports that are assigned, or outside the isolated range if there is one. */
static struct cgfence_port_bitmap compile_allowed(const struct cgfence_policy *policy,
						  const uint64_t *assigned, int family,
						  struct port_words *words)
{
	const uint64_t *isolated = policy->isolated_range.words[family];
	uint64_t allowed[PORT_SET_WORDS];

	for (size_t i = 0; i < PORT_SET_WORDS; i++)
		allowed[i] = assigned[i] | (policy->has_isolated_range ? ~isolated[i] : 0);
	allowed[0] &= ~1ULL;
	return compile_set(allowed, words);
}

int port_table_compile(const struct cgfence_policy *policy, struct cgfence_port_table *table,
		       struct port_words *words)
{
	struct port_words made = { 0 };

	made.words = calloc(BITMAPS * PORT_SET_WORDS, sizeof(*made.words));
	if (!made.words)
		return -ENOMEM;
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
			const uint64_t *set = policy->ports[protocol].words[family];

			table->assigned[protocol][family] = compile_set(set, &made);
			table->allowed[protocol][family] =
				compile_allowed(policy, set, family, &made);
			table->waived[protocol][family] = compile_waived(policy, set, &made);
		}
		table->isolated[family] = compile_set(policy->isolated_range.words[family], &made);
	}
	*words = made;
	return 0;
}

/* Calls @visit for each bitmap until it returns false. */
static bool for_each_bitmap(struct cgfence_port_table *table,
			    bool (*visit)(struct cgfence_port_bitmap *bitmap, size_t words),
			    size_t words)
{
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
			if (!visit(&table->assigned[protocol][family], words) ||
			    !visit(&table->allowed[protocol][family], words) ||
			    !visit(&table->waived[protocol][family], words))
				return false;
		}
		if (!visit(&table->isolated[family], words))
			return false;
	}
	return true;
}

static bool move_bitmap(struct cgfence_port_bitmap *bitmap, size_t words)
{
	bitmap->offset += (uint32_t)words;
	return true;
}

void port_table_move(struct cgfence_port_table *table, size_t words)
{
	for_each_bitmap(table, move_bitmap, words);
}

static bool check_bitmap(struct cgfence_port_bitmap *bitmap, size_t words)
{
	return bitmap->outside <= 1 && bitmap->word_count && bitmap->first_word <= PORT_SET_WORDS &&
	       bitmap->word_count <= PORT_SET_WORDS - bitmap->first_word &&
	       bitmap->word_count <= words && bitmap->offset <= words - bitmap->word_count;
}

bool port_table_check(const struct cgfence_port_table *table, size_t words)
{
	struct cgfence_port_table copy = *table;

	return for_each_bitmap(&copy, check_bitmap, words);
}

/* Equal sets have equal words, but these may be at two places. */
static bool is_by_family(const struct cgfence_image *image,
			 const struct cgfence_port_bitmap families[CGFENCE_FAMILY_COUNT])
{
	const struct cgfence_port_bitmap *ipv4 = &families[CGFENCE_IPV4];
	const struct cgfence_port_bitmap *ipv6 = &families[CGFENCE_IPV6];
	const uint64_t *words = (const uint64_t *)image;

	return ipv4->outside != ipv6->outside || ipv4->first_word != ipv6->first_word ||
	       ipv4->word_count != ipv6->word_count ||
	       memcmp(words + ipv4->offset, words + ipv6->offset,
		      ipv4->word_count * sizeof(*words)) != 0;
}

bool port_table_derive_by_family(const struct cgfence_image *image)
{
	const struct cgfence_port_table *table = &image->ports;

	for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
		if (is_by_family(image, table->allowed[protocol]) ||
		    is_by_family(image, table->waived[protocol]))
			return true;
	}
	return false;
}

static void decompile_set(const struct cgfence_image *image,
			  const struct cgfence_port_bitmap *bitmap, uint64_t *set)
{
	memset(set, bitmap->outside ? 0xff : 0, PORT_SET_WORDS * sizeof(*set));
	memcpy(set + bitmap->first_word, (const uint64_t *)image + bitmap->offset,
	       bitmap->word_count * sizeof(*set));
	set[0] &= ~1ULL;
}

void port_table_decompile(const struct cgfence_image *image, struct cgfence_policy *policy)
{
	const struct cgfence_port_table *table = &image->ports;

	policy->ports_fenced = table->fenced;
	policy->sctp_any = table->sctp_any;
	policy->has_isolated_range = table->has_isolated_range;
	policy->netns = table->netns_any ? POLICY_NETNS_ANY : POLICY_NETNS_HOST;
	policy->privileged_ports = table->privileged;
	policy->on_violation = (enum policy_on_violation)table->on_violation;
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++)
			decompile_set(image, &table->assigned[protocol][family],
				      policy->ports[protocol].words[family]);
		decompile_set(image, &table->isolated[family],
			      policy->isolated_range.words[family]);
	}
}

/* Of equal words the set keeps the last. */
static bool allows_every_port(const struct cgfence_image *image,
			      const struct cgfence_port_bitmap *allowed)
{
	const uint64_t *words = (const uint64_t *)image + allowed->offset;

	return allowed->outside && allowed->word_count == 1 && !~words[0];
}

bool port_table_judges(const struct cgfence_image *image, enum cgfence_protocol protocol)
{
	const struct cgfence_port_bitmap *allowed = image->ports.allowed[protocol];

	return image->ports.fenced && !(allows_every_port(image, &allowed[CGFENCE_IPV4]) &&
					allows_every_port(image, &allowed[CGFENCE_IPV6]));
}
