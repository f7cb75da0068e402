// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members that a map has. */
#include "base/array.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/yield.h"
#include "kernel/membership.h"

#include <bpf/bpf.h>

/*
 * Return: 0, or -errno. Where a key is removed meanwhile, the walk begins again from the first, and meets some twice.
 */
static int list_keys(int map, uint64_t **ids, size_t *count)
{
	cleanup_free uint64_t *found = NULL;
	size_t capacity = 0;
	size_t used = 0;
	const size_t most = 4 * (size_t)membership_room(map) + 1024;
	uint64_t key;

	while (bpf_map_get_next_key(map, used ? &found[used - 1] : NULL, &key) == 0) {
		uint64_t *larger = array_with_room(found, used, &capacity, sizeof(*found));

		if (!larger)
			return -ENOMEM;
		found = larger;
		found[used++] = key;
		if (used > most)
			return -EAGAIN;
		yield_now();
	}
	if (errno != ENOENT)
		return -errno;
	*ids = cleanup_steal(found);
	*count = used;
	return 0;
}

static size_t drop_repeated(uint64_t *ids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (!kept || ids[i] != ids[kept - 1])
			ids[kept++] = ids[i];
	}
	return kept;
}

int membership_list(int members, uint64_t **ids, size_t *count)
{
	uint64_t *found = NULL;
	size_t used = 0;
	int result = list_keys(members, &found, &used);

	if (result)
		return result;
	if (used)
		qsort(found, used, sizeof(*found), compare_ids);
	*count = drop_repeated(found, used);
	*ids = found;
	return 0;
}

bool membership_has(int members, uint64_t id)
{
	struct cgfence_member member;

	return bpf_map_lookup_elem(members, &id, &member) == 0;
}
