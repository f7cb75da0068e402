// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A breadth-first search for each fence. Each has its own share of looks, so a fence with many carriers does not keep
 * others from being searched. Carriers may carry each other in a circle: each is looked into once.
 */
#include "reconcile/flight.h"
#include "base/array.h"
#include "base/error.h"
#include "base/splitmix64.h"

#include <errno.h>
#include <string.h>

/* Something that was found in the search of a fence. */
struct place {
	uint64_t fence;
	uint64_t object;
	uint32_t kind; /* enum cgfence_carrier */
	uint32_t holding;
	const struct cgfence_holder *lead;
};

struct search {
	flight_look *look;
	void *context;
	struct place *places; /* first those that were looked into */
	size_t count;
	size_t capacity;
	uint32_t *table;    /* hash table of places, each as its index + 1; 0 is empty */
	size_t table_size;  /* a power of 2 */
	size_t looks;	    /* left to this fence */
	size_t looks_total; /* left to all */
	struct holders *list;
	struct holders *unserved;
	int code; /* the first failure */
	struct cgfence_error *error;
};

static uint64_t group_of(const struct cgfence_holder *lead)
{
	/* A fence that is unknown is told by the cgroup of the task. */
	return lead->fence_id ? lead->fence_id : lead->cgroup_id;
}

static int compare_leads(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	if (group_of(a) != group_of(b))
		return group_of(a) < group_of(b) ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* The slot of the place in the table, or the empty one for it. */
static uint32_t *slot_of(const struct search *search, const struct place *place)
{
	uint64_t state = place->object ^ place->fence << 32 ^ place->kind;
	size_t i = splitmix64_next(&state) & (search->table_size - 1);

	for (; search->table[i]; i = (i + 1) & (search->table_size - 1)) {
		const struct place *other = &search->places[search->table[i] - 1];

		if (other->fence == place->fence && other->object == place->object &&
		    other->kind == place->kind)
			break;
	}
	return &search->table[i];
}

/* At most half of the table is full. */
static int grow_table(struct search *search)
{
	size_t size = search->table_size ? 2 * search->table_size : 256;
	uint32_t *table;

	if (2 * (search->count + 1) <= search->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(search->table);
	search->table = table;
	search->table_size = size;
	for (size_t i = 0; i < search->count; i++)
		*slot_of(search, &search->places[i]) = (uint32_t)(i + 1);
	return 0;
}

/* Return: 1 if it was added, 0 if it was there, -ENOMEM. */
static int add_place(struct search *search, const struct place *place)
{
	struct place *places;
	uint32_t *slot;

	if (grow_table(search))
		return -ENOMEM;
	slot = slot_of(search, place);
	if (*slot)
		return 0;
	places = array_with_room(search->places, search->count, &search->capacity, sizeof(*places));
	if (!places)
		return -ENOMEM;
	search->places = places;
	search->places[search->count++] = *place;
	*slot = (uint32_t)search->count;
	return 1;
}

static int add_listener(struct search *search, const struct place *place,
			const struct cgfence_carried *found)
{
	struct cgfence_holder holder = *place->lead;

	holder.cookie = found->object;
	holder.inode = found->inode;
	holder.netns_inum = found->netns_inum;
	holder.fd = HOLDER_FD_UNKNOWN;
	holder.holding = place->holding;
	return holders_add(search->list, &holder);
}

static enum cgfence_holding holding_of(uint32_t kind)
{
	return kind == CGFENCE_CARRIER_UNIX || kind == CGFENCE_CARRIER_BUNCH
		       ? CGFENCE_HOLDING_UNIX
		       : CGFENCE_HOLDING_URING;
}

/* An io_uring has requests too, and may be served by a thread that serves others. */
static int add_rest_of_ring(struct search *search, const struct place *files)
{
	struct place place = *files;
	int added;

	place.kind = CGFENCE_CARRIER_REQUESTS;
	added = add_place(search, &place);
	place.kind = CGFENCE_CARRIER_SHARERS;
	if (added >= 0)
		added = add_place(search, &place);
	return added < 0 ? added : 0;
}

static int add_found(struct search *search, const struct place *place,
		     const struct cgfence_carried *found)
{
	struct place next = *place;
	int added;

	next.object = found->object;
	next.kind = found->kind;
	if (found->kind != CGFENCE_CARRIER_LISTENER)
		next.holding = holding_of(found->kind);
	added = add_place(search, &next);
	if (added <= 0)
		return added;
	if (found->kind == CGFENCE_CARRIER_LISTENER)
		return add_listener(search, place, found);
	return found->kind == CGFENCE_CARRIER_FILES ? add_rest_of_ring(search, &next) : 0;
}

/* The first failure is reported, and the search goes on. */
static void note(struct search *search, int code, const char *what, uint32_t pid)
{
	if (!search->code)
		search->code =
			error_set(search->error, code, "%s: it belongs to process %u", what, pid);
}

static int look_once(struct search *search, const struct place *place, struct cgfence_look *look)
{
	int result = search->look((enum cgfence_carrier)place->kind, look, search->context);

	search->looks--;
	for (uint32_t i = 0; i < look->count && i < CGFENCE_LOOK_STEPS && result == 0; i++)
		result = add_found(search, place, &look->found[i]);
	return result;
}

/* Return: 0, also if the carrier cannot be looked into; -errno if the search must end. */
static int look_into(struct search *search, const struct place *place)
{
	struct cgfence_look look = { .object = place->object };
	uint32_t pid = place->lead->pid;
	int tries = 0;

	while (tries < FLIGHT_TRIES && search->looks) {
		int result = look_once(search, place, &look);

		if (result || look.result == CGFENCE_LOOK_DONE)
			return result;
		if (look.result == CGFENCE_LOOK_UNKNOWN) {
			note(search, EOPNOTSUPP, "cannot look into an io_uring on this kernel",
			     pid);
			return 0;
		}
		if (look.result == CGFENCE_LOOK_CHANGED) {
			look = (struct cgfence_look){ .object = place->object };
			tries++;
		}
	}
	if (search->looks)
		note(search, EAGAIN,
		     place->kind == CGFENCE_CARRIER_SHARERS
			     ? "cannot look into an io_uring, since those of its thread keep changing"
			     : "cannot look into a unix socket, since it keeps changing",
		     pid);
	else
		note(search, E2BIG,
		     "cannot look into all that carries descriptors, since there is too much", pid);
	return 0;
}

static int add_lead(struct search *search, const struct cgfence_holder *lead)
{
	struct cgfence_carried found = { .object = lead->cookie };
	const struct place place = { .fence = group_of(lead), .lead = lead };

	switch (lead->holding) {
	case CGFENCE_HOLDING_UNIX:
		found.kind = CGFENCE_CARRIER_UNIX;
		break;
	case CGFENCE_HOLDING_URING:
		found.kind = CGFENCE_CARRIER_FILES;
		break;
	case CGFENCE_HOLDING_TASK:
	case CGFENCE_HOLDING_SERVER:
		found.kind = CGFENCE_CARRIER_TASK;
		break;
	default:
		return 0;
	}
	return add_found(search, &place, &found);
}

static size_t share_of(const struct search *search)
{
	if (search->looks_total > FLIGHT_LOOKS_MAX)
		return FLIGHT_LOOKS_MAX;
	return search->looks_total > FLIGHT_LOOKS_SHARE ? search->looks_total : FLIGHT_LOOKS_SHARE;
}

/* Nothing leads from a thread to the io_urings that it serves, but each of those leads to the others and to it. */
static int add_unserved(struct search *search, const struct cgfence_holder *lead)
{
	const struct place server = { .fence = group_of(lead),
				      .object = lead->cookie,
				      .kind = CGFENCE_CARRIER_SERVER };

	if (lead->holding != CGFENCE_HOLDING_SERVER || *slot_of(search, &server))
		return 0;
	return holders_add(search->unserved, lead);
}

/* Searches from all leads of a fence. */
static int search_fence(struct search *search, const struct cgfence_holder *leads, size_t count)
{
	size_t next = search->count;
	size_t share = share_of(search);
	size_t used;
	int result = 0;

	search->looks = share;
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_lead(search, &leads[i]);
	for (; next < search->count && result == 0; next++) {
		const struct place place = search->places[next];

		if (place.kind < CGFENCE_CARRIER_COUNT)
			result = look_into(search, &place);
	}
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_unserved(search, &leads[i]);
	used = share - search->looks;
	search->looks_total -= used < search->looks_total ? used : search->looks_total;
	return result;
}

int flight_follow(struct holders *leads, flight_look *look, void *context, struct holders *list,
		  struct holders *unserved, struct cgfence_error *error)
{
	struct search search = {
		.look = look,
		.context = context,
		.looks_total = FLIGHT_LOOKS_TOTAL,
		.list = list,
		.unserved = unserved,
		.error = error,
	};
	int result = 0;
	size_t end;

	if (leads->count)
		qsort(leads->items, leads->count, sizeof(*leads->items), compare_leads);
	for (size_t i = 0; i < leads->count && result == 0; i = end) {
		for (end = i + 1; end < leads->count &&
				  group_of(&leads->items[end]) == group_of(&leads->items[i]);)
			end++;
		result = search_fence(&search, &leads->items[i], end - i);
	}
	free(search.places);
	free(search.table);
	if (result)
		return error_set(error, -result, "cannot look into what tasks hold: %s",
				 strerror(-result));
	return search.code;
}
