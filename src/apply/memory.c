// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/memory.h"
#include "base/array.h"

struct known {
	uint64_t id;
	uint64_t mark;
	const char *text;
};

struct known_list {
	struct known *items;
	size_t count;
	size_t capacity;
};

struct apply_memory {
	struct known_list last; /* by ascending id */
	struct known_list next;
};

struct apply_memory *apply_memory_new(void)
{
	return calloc(1, sizeof(struct apply_memory));
}

void apply_memory_clear(struct apply_memory *memory)
{
	free(memory->last.items);
	free(memory->next.items);
	*memory = (struct apply_memory){ 0 };
}

void apply_memory_free(struct apply_memory *memory)
{
	if (!memory)
		return;
	apply_memory_clear(memory);
	free(memory);
}

static int compare_known(const void *left, const void *right)
{
	const struct known *a = left;
	const struct known *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

const char *apply_memory_find(const struct apply_memory *memory, uint64_t id, uint64_t mark)
{
	const struct known key = { .id = id };
	const struct known *found = memory->last.count
					    ? bsearch(&key, memory->last.items, memory->last.count,
						      sizeof(key), compare_known)
					    : NULL;

	return found && found->mark == mark ? found->text : NULL;
}

void apply_memory_add(struct apply_memory *memory, uint64_t id, uint64_t mark, const char *text)
{
	struct known_list *next = &memory->next;
	struct known *items =
		array_with_room(next->items, next->count, &next->capacity, sizeof(*items));

	if (!items)
		return;
	next->items = items;
	items[next->count++] = (struct known){ id, mark, text };
}

void apply_memory_turn(struct apply_memory *memory)
{
	struct known_list last = memory->last;

	memory->last = memory->next;
	memory->next = (struct known_list){ 0 };
	free(last.items);
	if (memory->last.count)
		qsort(memory->last.items, memory->last.count, sizeof(*memory->last.items),
		      compare_known);
}
