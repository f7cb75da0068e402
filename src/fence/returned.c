// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/returned.h"
#include "base/array.h"

#include <string.h>

/* Of an entry whose credit is whole again, nothing is lost. */
#define FORGET_NS (RETURN_PACE_CREDIT * RETURN_PACE_CREDIT_NS)

void returned_free(struct returned_list *list)
{
	free(list->items);
	*list = (struct returned_list){ 0 };
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		hash = (hash ^ (number >> (8 * i) & 0xff)) * 0x100000001b3ULL;
	return hash;
}

uint64_t returned_hash(const struct adopted *programs)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < programs->count; i++)
		hash = mix(mix(hash, programs->programs[i].cgroup_id), programs->programs[i].id);
	return hash;
}

/* Return: the index of the entry, or of the place for it. */
static size_t find_place(const struct returned_list *list, uint64_t fence, uint64_t root)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct returned *item = &list->items[middle];

		if (item->fence < fence || (item->fence == fence && item->root < root))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct returned *returned_find(const struct returned_list *list, uint64_t fence, uint64_t root)
{
	size_t index = find_place(list, fence, root);

	return index < list->count && list->items[index].fence == fence &&
			       list->items[index].root == root
		       ? &list->items[index]
		       : NULL;
}

struct returned *returned_add(struct returned_list *list, uint64_t fence, uint64_t root)
{
	size_t index = find_place(list, fence, root);
	struct returned *found = returned_find(list, fence, root);
	struct returned *larger;

	if (found)
		return found;
	larger = array_with_room(list->items, list->count, &list->capacity, sizeof(*larger));
	if (!larger)
		return NULL;
	list->items = larger;
	memmove(&larger[index + 1], &larger[index], (list->count - index) * sizeof(*larger));
	list->count++;
	larger[index] = (struct returned){ .fence = fence, .root = root };
	return &larger[index];
}

void returned_begin(struct returned_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->items[i].seen = false;
}

void returned_end(struct returned_list *list, uint64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct returned item = list->items[i];

		if (!item.seen && now_ns - item.pace.last_ns >= FORGET_NS)
			continue;
		/* If the same programs come again later, they are told of again. */
		item.stays = item.stays && item.seen;
		item.waits = item.waits && item.seen;
		list->items[kept++] = item;
	}
	list->count = kept;
}
