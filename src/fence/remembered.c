// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/remembered.h"
#include "base/cleanup.h"
#include "fence/source_read.h"
#include "kernel/link.h"
#include "kernel/maps.h"
#include "policy/memory.h"

#include <errno.h>
#include <search.h>
#include <string.h>

struct remembered {
	char *packed;
	struct device_lookups past; /* what the fences enforce */
	size_t fences;
};

static int compare(const void *left, const void *right)
{
	const struct remembered *a = left;
	const struct remembered *b = right;

	return strcmp(a->packed, b->packed);
}

static void free_words(struct remembered *words)
{
	device_lookups_free(&words->past);
	free(words->packed);
	free(words);
}

/* Takes over @packed. Return: 0 or -errno. */
static int add(struct remembered_set *set, char *packed, struct remembered **words)
{
	struct remembered *made = calloc(1, sizeof(*made));
	int result = made ? policy_memory_read_lookups(packed, &made->past) : -ENOMEM;

	if (result) {
		free(made);
		free(packed);
		return result;
	}
	made->packed = packed;
	if (made->past.count && !tsearch(made, &set->tree, compare))
		result = -ENOMEM;
	if (result || !made->past.count) {
		free_words(made);
		return result;
	}
	*words = made;
	return 0;
}

static int find(struct remembered_set *set, char *packed, struct remembered **words)
{
	const struct remembered key = { .packed = packed };
	struct remembered *const *found = tfind(&key, &set->tree, compare);
	struct remembered *same = found ? *found : NULL;
	int result = 0;

	if (same)
		free(packed);
	else
		result = add(set, packed, &same);
	if (result || !same)
		return result;
	same->fences++;
	*words = same;
	return 0;
}

/* What any program of the fence holds: after a killed command the next one makes all the same. */
static int read_packed(uint64_t id, char **packed)
{
	cleanup_link struct link link = LINK_CLOSED;
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	int result = -ENOENT;

	for (int i = 0; i < hook_count && result == -ENOENT; i++)
		result = link_open(id, &hooks[i], &link, NULL);
	if (result == 0)
		result = fence_maps_find(link.program, &maps, NULL);
	return result ? result : fence_source_read(maps.source_id, packed, NULL);
}

int remembered_read(struct remembered_set *set, uint64_t id, struct remembered **words)
{
	char *packed = NULL;
	int result = read_packed(id, &packed);

	/* Another version, or none at all: nothing that could be resolved. */
	if (result == -ENOENT || result == -ENODATA || result == -EINVAL)
		return 0;
	if (result == 0)
		result = find(set, packed, words);
	return result == -EINVAL ? 0 : result;
}

bool remembered_has_changed(struct remembered *words, struct device_cache *cache)
{
	return device_lookups_changed(&words->past, cache);
}

void remembered_drop(struct remembered_set *set, struct remembered *words)
{
	if (!words || --words->fences)
		return;
	tdelete(words, &set->tree, compare);
	free_words(words);
}
