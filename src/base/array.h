/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arrays that grow as items are added. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/**
 * array_with_room() - make room for one more item.
 * @items: the array, which this moves when it grows; NULL for none yet
 * @count: how many items it has
 * @capacity: how many it has room for
 * @size: of an item in bytes
 *
 * Return: the array, or NULL if out of memory; @items and *@capacity are unchanged then.
 */
static inline void *array_with_room(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t larger = *capacity ? 2 * *capacity : 64;

	if (count < *capacity)
		return items;
	items = reallocarray(items, larger, size);
	if (items)
		*capacity = larger;
	return items;
}
