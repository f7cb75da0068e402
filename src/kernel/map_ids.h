/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a hash map has by ids, read and written many at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * map_ids_list() - the keys of a hash map, which are ids.
 * @value_size: of the map
 * @ids: receives them in ascending order, to be given to free()
 *
 * Others may change the map meanwhile: nothing that stays is missed. It yields (base/yield.h).
 *
 * Return: 0 or -errno.
 */
int map_ids_list(int map, size_t value_size, uint64_t **ids, size_t *count);

/** map_ids_add() - put ids into a map whose values are ids too, and tell nothing. Return: 0 or -errno. */
int map_ids_add(int map, const uint64_t *ids, size_t count);
