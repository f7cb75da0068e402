// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/sightings.h"
#include "base/array.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "reconcile/nearest.h"

#include <string.h>

struct found {
	struct observation *observation;
	size_t capacity;
	struct nearest nearest;
	const struct hierarchy *hierarchy;
};

static int compare_cgroups(const void *left, const void *right)
{
	const struct listener *a = left;
	const struct listener *b = right;

	return a->cgroup_id < b->cgroup_id ? -1 : a->cgroup_id > b->cgroup_id;
}

static int compare_holders(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* Sightings with a holder come before those without; holders are in the order of their pids. */
static int compare_sightings(const void *left, const void *right)
{
	const struct sighting *a = left;
	const struct sighting *b = right;

	if (a->fence != b->fence)
		return a->fence < b->fence ? -1 : 1;
	if (a->listener != b->listener)
		return a->listener < b->listener ? -1 : 1;
	return a->holder < b->holder ? -1 : a->holder > b->holder;
}

static int add(struct found *found, const struct sighting *sighting)
{
	struct observation *observation = found->observation;
	struct sighting *sightings = array_with_room(observation->sightings,
						     observation->sighting_count, &found->capacity,
						     sizeof(*sightings));

	if (!sightings)
		return -ENOMEM;
	observation->sightings = sightings;
	observation->sightings[observation->sighting_count++] = *sighting;
	return 0;
}

/* Adds the sighting for the nearest fence and those above it, if they judge the network namespace. */
static int add_upwards(struct found *found, size_t nearest, struct sighting sighting)
{
	const struct observation *observation = found->observation;
	const struct port_fences *fences = &observation->fences;
	size_t netns = observation->listeners.items[sighting.listener].netns;
	int result = 0;

	for (size_t i = nearest; i != PORT_FENCE_NONE && result == 0; i = fences->items[i].above) {
		sighting.fence = i;
		if (netns_concerns(fences->items[i].image,
				   sock_diag_netns(observation->netns[netns])))
			result = add(found, &sighting);
	}
	return result;
}

static int nearest_fence(struct found *found, uint64_t cgroup_id, size_t *fence)
{
	return nearest_find(&found->nearest, &found->observation->fences, found->hierarchy,
			    cgroup_id, fence);
}

static int add_made_inside(struct found *found, size_t listener)
{
	uint64_t cgroup_id = found->observation->listeners.items[listener].cgroup_id;
	const struct sighting sighting = {
		.listener = listener,
		.holder = SIGHTING_NO_HOLDER,
		.made_inside = true,
	};

	size_t nearest = PORT_FENCE_NONE;
	int result = cgroup_id ? nearest_fence(found, cgroup_id, &nearest) : 0;

	return result ? result : add_upwards(found, nearest, sighting);
}

/* The index of the first holder of a socket in the list, sorted by cookie; the number of holders if there is none. */
static size_t first_holder(const struct holders *holders, uint64_t cookie)
{
	size_t low = 0;
	size_t high = holders->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holders->items[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int holder_fence(struct found *found, const struct cgfence_holder *holder, size_t *fence)
{
	if (!holder->fence_id)
		return nearest_fence(found, holder->cgroup_id, fence);
	*fence = port_fences_find(&found->observation->fences, holder->fence_id);
	return 0;
}

static int add_held(struct found *found, size_t listener)
{
	const struct holders *holders = &found->observation->holders;
	uint64_t cookie = found->observation->listeners.items[listener].cookie;
	size_t i = cookie ? first_holder(holders, cookie) : holders->count;
	int result = 0;

	for (; i < holders->count && holders->items[i].cookie == cookie && result == 0; i++) {
		const struct sighting sighting = { .listener = listener, .holder = i };
		size_t fence;

		result = holder_fence(found, &holders->items[i], &fence);
		if (result == 0)
			result = add_upwards(found, fence, sighting);
	}
	return result;
}

/* Keeps one sighting for each fence and listener, the one with the lowest pid. */
static void merge(struct observation *observation)
{
	struct sighting *items = observation->sightings;
	size_t kept = 0;

	if (observation->sighting_count)
		qsort(items, observation->sighting_count, sizeof(*items), compare_sightings);
	for (size_t i = 0; i < observation->sighting_count; i++) {
		struct sighting *last = kept ? &items[kept - 1] : NULL;

		if (last && last->fence == items[i].fence && last->listener == items[i].listener)
			last->made_inside = last->made_inside || items[i].made_inside;
		else
			items[kept++] = items[i];
	}
	observation->sighting_count = kept;
}

/* Keeps the first failure. */
static void note(int *result, int code)
{
	if (*result == 0)
		*result = code;
}

int sightings_find(struct observation *observation, const struct hierarchy *hierarchy,
		   struct cgfence_error *error)
{
	struct listeners *listeners = &observation->listeners;
	struct holders *holders = &observation->holders;
	struct found found = { .observation = observation, .hierarchy = hierarchy };
	int result = 0;

	if (listeners->count)
		qsort(listeners->items, listeners->count, sizeof(*listeners->items),
		      compare_cgroups);
	if (holders->count)
		qsort(holders->items, holders->count, sizeof(*holders->items), compare_holders);
	/* Those that can be told are acted on, whatever fails for another. */
	for (size_t i = 0; i < listeners->count; i++) {
		note(&result, add_made_inside(&found, i));
		note(&result, add_held(&found, i));
		yield_now();
	}
	nearest_free(&found.nearest);
	merge(observation);
	return result ? error_set(error, -result, "cannot tell whose the listeners are: %s",
				  strerror(-result))
		      : 0;
}
