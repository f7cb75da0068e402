// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of every port; port 0 is none. */
#define FIRST_WORD_OF_ANY (~1ULL)

_Static_assert((int)PORT_IPV4 == (int)CGFENCE_IPV4 && (int)PORT_IPV6 == (int)CGFENCE_IPV6,
	       "families are numbered alike in policies and in images");

static bool is_any(const uint64_t *set)
{
	if (set[0] != FIRST_WORD_OF_ANY)
		return false;
	for (size_t i = 1; i < PORT_SET_WORDS; i++) {
		if (~set[i])
			return false;
	}
	return true;
}

/* Where @run stands in the words already, or at their end, where it is appended. */
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

static struct cgfence_port_bitmap compile_set(const uint64_t *set, struct port_words *words)
{
	size_t first = 0;
	size_t end = PORT_SET_WORDS;

	if (is_any(set))
		return (struct cgfence_port_bitmap){ .any = 1 };
	while (first < PORT_SET_WORDS && !set[first])
		first++;
	while (end > first && !set[end - 1])
		end--;
	if (first == end)
		return (struct cgfence_port_bitmap){ 0 };
	return (struct cgfence_port_bitmap){
		.first_word = (uint32_t)first,
		.word_count = (uint32_t)(end - first),
		.offset = place_run(words, set + first, end - first),
	};
}

int port_table_compile(const struct cgfence_policy *policy, struct cgfence_port_table *table,
		       struct port_words *words)
{
	const struct port_set *const assigned[CGFENCE_PROTOCOL_COUNT] = {
		[CGFENCE_TCP] = &policy->tcp,
		[CGFENCE_UDP] = &policy->udp,
	};
	struct port_words made = { 0 };

	made.words = calloc((CGFENCE_PROTOCOL_COUNT + 1) * CGFENCE_FAMILY_COUNT * PORT_SET_WORDS,
			    sizeof(*made.words));
	if (!made.words)
		return -ENOMEM;
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++)
			table->assigned[protocol][family] =
				compile_set(assigned[protocol]->words[family], &made);
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
			if (!visit(&table->assigned[protocol][family], words))
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
	return bitmap->first_word <= PORT_SET_WORDS &&
	       bitmap->word_count <= PORT_SET_WORDS - bitmap->first_word &&
	       bitmap->word_count <= words && bitmap->offset <= words - bitmap->word_count;
}

bool port_table_check(const struct cgfence_port_table *table, size_t words)
{
	struct cgfence_port_table copy = *table;

	return for_each_bitmap(&copy, check_bitmap, words);
}

static void decompile_set(const struct cgfence_image *image,
			  const struct cgfence_port_bitmap *bitmap, uint64_t *set)
{
	if (bitmap->any) {
		memset(set, 0xff, PORT_SET_WORDS * sizeof(*set));
		set[0] = FIRST_WORD_OF_ANY;
	} else {
		memcpy(set + bitmap->first_word, (const uint64_t *)image + bitmap->offset,
		       bitmap->word_count * sizeof(*set));
	}
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
		decompile_set(image, &table->assigned[CGFENCE_TCP][family],
			      policy->tcp.words[family]);
		decompile_set(image, &table->assigned[CGFENCE_UDP][family],
			      policy->udp.words[family]);
		decompile_set(image, &table->isolated[family],
			      policy->isolated_range.words[family]);
	}
}
