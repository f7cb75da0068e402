// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/map_ids.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/yield.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 1024

/*
 * Reads some behind a position.
 *
 * The kernel gives whole buckets (__htab_map_lookup_and_delete_batch(), kernel/bpf/hashtab.c), so nothing that stays
 * meanwhile is missed or given twice. There are as many buckets as there is room in the map, and a secret in the hash
 * spreads the keys over them.
 *
 * @from: NULL to begin
 *
 * Return: 1 if there is more, 0 if that was all, or -errno.
 */
static int read_some(int map, uint64_t *from, uint64_t *position, uint64_t *keys, void *values,
		     uint32_t *count)
{
	uint64_t next = 0;
	int result;

	*count = AT_ONCE;
	result = bpf_map_lookup_batch(map, from, &next, keys, values, count, NULL);
	if (result && errno != ENOENT)
		return -errno;
	*position = next;
	return result == 0;
}

int map_ids_list(int map, size_t value_size, uint64_t **ids, size_t *count)
{
	cleanup_free void *values = calloc(AT_ONCE, value_size);
	cleanup_free uint64_t *found = NULL;
	uint64_t position = 0;
	size_t used = 0;
	int more = 1;

	for (uint64_t *from = NULL; more == 1; from = &position) {
		uint64_t *larger = realloc(found, (used + AT_ONCE) * sizeof(*found));
		uint32_t some;

		if (larger)
			found = larger;
		if (!larger || !values)
			return -ENOMEM;
		more = read_some(map, from, &position, found + used, values, &some);
		if (more < 0)
			return more;
		used += some;
		yield_now();
	}
	if (used)
		qsort(found, used, sizeof(*found), compare_ids);
	*count = used;
	*ids = cleanup_steal(found);
	return 0;
}

int map_ids_add(int map, const uint64_t *ids, size_t count)
{
	uint32_t some = (uint32_t)count;

	return count && bpf_map_update_batch(map, ids, ids, &some, NULL) < 0 ? -errno : 0;
}
