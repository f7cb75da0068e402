// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/known.h"
#include "base/array.h"
#include "base/splitmix64.h"

#include <errno.h>
#include <string.h>

static bool same_key(const struct violation_key *a, const struct violation_key *b)
{
	return a->fence_id == b->fence_id && a->member_id == b->member_id &&
	       a->cookie == b->cookie && a->ip_protocol == b->ip_protocol &&
	       a->domain == b->domain && a->port == b->port &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static bool is_of(const struct known_violation *violation, const struct violation_key *key)
{
	return !violation->ended && same_key(&violation->key, key);
}

/* Almost every violation has a cookie of its own; fences that nest share it. */
static uint64_t hash_of(const struct violation_key *key)
{
	uint64_t state = key->cookie ^ key->fence_id << 32 ^ (uint64_t)key->port << 16;

	return splitmix64_next(&state);
}

/* The slot of the violation in the table, or the empty one for it. */
static uint32_t *slot_of(const struct known *known, const struct violation_key *key)
{
	size_t i = hash_of(key) & (known->table_size - 1);

	while (known->table[i] && !is_of(&known->items[known->table[i] - 1], key))
		i = (i + 1) & (known->table_size - 1);
	return &known->table[i];
}

size_t known_find(const struct known *known, const struct violation_key *key)
{
	return known->table_size ? (size_t)*slot_of(known, key) - 1 : KNOWN_NONE;
}

static void fill_table(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		*slot_of(known, &known->items[i].key) = (uint32_t)(i + 1);
}

/* At most half of the table is full. */
static int grow_table(struct known *known)
{
	size_t size = known->table_size ? 2 * known->table_size : 256;
	uint32_t *table;

	if (2 * (known->count + 1) <= known->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(known->table);
	known->table = table;
	known->table_size = size;
	fill_table(known);
	return 0;
}

size_t known_add(struct known *known, const struct violation_key *key)
{
	struct known_violation *items =
		array_with_room(known->items, known->count, &known->capacity, sizeof(*items));

	if (!items)
		return KNOWN_NONE;
	known->items = items;
	if (grow_table(known))
		return KNOWN_NONE;
	known->items[known->count] = (struct known_violation){ .key = *key };
	*slot_of(known, key) = (uint32_t)++known->count;
	return known->count - 1;
}

static void free_text(struct known_violation *violation)
{
	if (violation->text)
		violation_text_free(violation->text);
	free(violation->text);
}

void known_forget_ended(struct known *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < known->count; i++) {
		if (known->items[i].ended)
			free_text(&known->items[i]);
		else
			known->items[kept++] = known->items[i];
	}
	if (kept == known->count)
		return;
	known->count = kept;
	memset(known->table, 0, known->table_size * sizeof(*known->table));
	fill_table(known);
}

void known_free(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		free_text(&known->items[i]);
	free(known->items);
	free(known->table);
	*known = (struct known){ 0 };
}
