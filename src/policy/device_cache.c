// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_cache.h"
#include "base/cleanup.h"

#include <errno.h>
#include <search.h>
#include <string.h>

struct cached {
	char *text;
	int result;
	struct device_entries entries;
};

static int compare(const void *left, const void *right)
{
	const struct cached *a = left;
	const struct cached *b = right;

	return strcmp(a->text, b->text);
}

static void free_cached(void *item)
{
	struct cached *cached = item;

	device_entries_free(&cached->entries);
	free(cached->text);
	free(cached);
}

/* Return: NULL if out of memory. */
static struct cached *add(struct device_cache *cache, const char *text)
{
	struct cached *made = calloc(1, sizeof(*made));

	if (made)
		made->text = strdup(text);
	if (made && made->text && tsearch(made, &cache->tree, compare))
		return made;
	if (made)
		free_cached(made);
	return NULL;
}

int device_cache_resolve(struct device_cache *cache, const char *text, bool is_path,
			 unsigned int flags, const struct device_entries **entries)
{
	const struct cached key = { .text = (char *)text };
	struct cached *const *found = tfind(&key, &cache->tree, compare);
	struct cached *cached = found ? *found : add(cache, text);

	if (!cached)
		return -ENOMEM;
	if (!found)
		cached->result =
			is_path ? device_resolve_path(text, 0, false, flags, &cached->entries, NULL)
				: device_resolve_among(text, flags, &cache->drivers,
						       &cached->entries, NULL);
	*entries = &cached->entries;
	return cached->result;
}

void device_cache_clear(struct device_cache *cache)
{
	tdestroy(cache->tree, free_cached);
	cache->tree = NULL;
	drivers_free(&cache->drivers);
}
