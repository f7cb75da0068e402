// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/places.h"
#include "base/array.h"
#include "base/error.h"
#include "base/inotify.h"
#include "cgroup/glob.h"

#include <errno.h>
#include <string.h>

/* The name of a cgroup that is removed gets a standing fence, before one of that name is made again. */
#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)

struct adding {
	struct places *places;
	int inotify;
	struct cgfence_error *problem;
	struct cgfence_error *error;
};

static int add(struct places *places, int watch, const char *component, struct cgfence_error *error)
{
	struct place *items =
		array_with_room(places->items, places->count, &places->capacity, sizeof(*items));
	char *copy = strdup(component);

	if (items)
		places->items = items;
	if (!items || !copy) {
		free(copy);
		return error_out_of_memory(error);
	}
	items[places->count++] = (struct place){ watch, copy };
	return 0;
}

static int add_place(const char *directory, const char *component, void *context)
{
	const struct adding *adding = context;
	struct cgfence_error reason = { 0 };
	int watch = inotify_add(adding->inotify, directory, EVENTS, &reason);

	if (watch >= 0)
		return add(adding->places, watch, component, adding->error);
	/* It was removed after it was found. */
	if (watch == -ENOENT)
		return 0;
	if (inotify_is_limit(watch)) {
		*adding->problem = reason;
		return 0;
	}
	return error_set(adding->error, -watch, "%s", reason.text);
}

int places_add(struct places *places, int inotify, const char *name, struct cgfence_error *problem,
	       struct cgfence_error *error)
{
	struct adding adding = { places, inotify, problem, error };

	return cgroup_glob_places(name, add_place, &adding, error);
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;

	return a->watch < b->watch ? -1 : a->watch > b->watch;
}

/* The index of the first place of a watch or of a later one. */
static size_t first_of(const struct places *places, int watch)
{
	size_t low = 0;
	size_t high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->items[middle].watch < watch)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has(const struct places *places, int watch)
{
	size_t at = first_of(places, watch);

	return at < places->count && places->items[at].watch == watch;
}

void places_replace(struct places *places, struct places *next, int inotify)
{
	if (next->count)
		qsort(next->items, next->count, sizeof(*next->items), compare_places);
	/* Of a removed directory the kernel has ended the watch, and this fails. */
	for (size_t i = 0; i < places->count; i++) {
		if (!has(next, places->items[i].watch))
			inotify_rm_watch(inotify, places->items[i].watch);
	}
	places_free(places);
	*places = *next;
	*next = (struct places){ 0 };
}

bool places_fit(const struct places *places, int watch, const char *name)
{
	for (size_t i = first_of(places, watch);
	     i < places->count && places->items[i].watch == watch; i++) {
		if (cgroup_glob_fits(places->items[i].component, name))
			return true;
	}
	return false;
}

void places_free(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].component);
	free(places->items);
	*places = (struct places){ 0 };
}
