// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/inum_set.h"
#include "base/splitmix64.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SIZE 64

/* The slot of the number in the table, or the empty one for it. */
static uint32_t *slot_of(uint32_t *table, size_t size, uint32_t inum)
{
	uint64_t state = inum;
	size_t i = splitmix64_next(&state) & (size - 1);

	while (table[i] && table[i] != inum)
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* At most half of the table is full. */
static int grow(struct inum_set *set)
{
	size_t size = set->size ? 2 * set->size : FIRST_SIZE;
	uint32_t *table;

	if (2 * (set->count + 1) <= set->size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++) {
		if (set->table[i])
			*slot_of(table, size, set->table[i]) = set->table[i];
	}
	free(set->table);
	set->table = table;
	set->size = size;
	return 0;
}

bool inum_set_has(const struct inum_set *set, uint32_t inum)
{
	return set->size && *slot_of(set->table, set->size, inum) == inum;
}

int inum_set_add(struct inum_set *set, uint32_t inum)
{
	if (inum_set_has(set, inum))
		return 0;
	if (grow(set))
		return -ENOMEM;
	*slot_of(set->table, set->size, inum) = inum;
	set->count++;
	return 1;
}

void inum_set_free(struct inum_set *set)
{
	free(set->table);
	*set = (struct inum_set){ 0 };
}
