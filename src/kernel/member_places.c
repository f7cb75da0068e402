// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/member_places.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/hierarchy.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/mman.h>

#define PLACES_SIZE (CGFENCE_PLACES * sizeof(struct cgfence_place))
#define CELLS_SIZE (CGFENCE_ANCHOR_CELLS * sizeof(uint64_t))

void member_places_unmap(struct member_places *places)
{
	if (places->places)
		munmap(places->places, PLACES_SIZE);
	if (places->cells)
		munmap(places->cells, CELLS_SIZE);
	*places = (struct member_places){ 0 };
}

static void *map_all(int map, size_t size)
{
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

int member_places_map(const struct member_programs *programs, struct member_places *places,
		      struct cgfence_error *error)
{
	places->places = map_all(programs->state, PLACES_SIZE);
	places->cells = places->places ? map_all(programs->anchors, CELLS_SIZE) : NULL;
	if (places->cells)
		return 0;
	error_set(error, errno, "cannot map the places of standing fences: %s", strerror(errno));
	member_places_unmap(places);
	return -EIO;
}

int member_places_add_lost(int state, uint32_t number, bool listed)
{
	cleanup_member_places struct member_places mapped = { .places =
								      map_all(state, PLACES_SIZE) };

	if (!mapped.places)
		return -errno;
	if (!listed)
		__atomic_fetch_add(&mapped.places[number].unlisted, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&mapped.places[number].lost, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int member_places_find_free(const struct member_places *places)
{
	for (int i = 0; i < CGFENCE_PLACES; i++) {
		if (!places->places[i].fence_id)
			return i;
	}
	return -ENOSPC;
}

static uint64_t *cell_of(const struct member_places *places, uint32_t number)
{
	return &places->cells[CGFENCE_ANCHOR_CELL(places->places[number].anchor_id)];
}

/* The one before in the chain: receives its place, NULL for the cell itself. Return: the length up to there, -ENOENT. */
static int find_before(const struct member_places *places, uint32_t number,
		       struct cgfence_place **before)
{
	uint64_t next = *cell_of(places, number);
	struct cgfence_place *last = NULL;
	int length = 0;

	/* Numbers that are none are those of a damaged map. */
	for (; next && next <= CGFENCE_PLACES && length < CGFENCE_CHAIN_MAX; length++) {
		if (next == number + 1) {
			*before = last;
			return length;
		}
		last = &places->places[next - 1];
		next = last->next;
	}
	return length < CGFENCE_CHAIN_MAX ? -ENOENT : -E2BIG;
}

/* cgroup_bpf_query() takes the lock (kernel/bpf/cgroup.c; in older kernels kernel/cgroup/cgroup.c). */
static int settle(void)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	uint32_t count = 0;
	int result = hierarchy_open(&hierarchy, NULL);

	if (result)
		return result;
	return bpf_prog_query(hierarchy.fd, BPF_CGROUP_DEVICE, 0, NULL, NULL, &count) < 0 ? -errno
											  : 0;
}

/* One word tells of the place, after all that it leads to. */
int member_places_link(const struct member_places *places, uint32_t number)
{
	struct cgfence_place *place = &places->places[number];
	uint64_t *cell = cell_of(places, number);
	struct cgfence_place *before;
	int result = find_before(places, number, &before);

	if (result == -ENOENT) {
		place->next = (uint32_t)*cell;
		__atomic_store_n(cell, number + 1, __ATOMIC_SEQ_CST);
	}
	if (result < 0 && result != -ENOENT)
		return result;
	result = settle();
	if (result == 0)
		__atomic_store_n(&place->linked, 1, __ATOMIC_SEQ_CST);
	return result;
}

/* It keeps its own next one for a call that has come as far. */
int member_places_unlink(const struct member_places *places, uint32_t number)
{
	struct cgfence_place *place = &places->places[number];
	struct cgfence_place *before = NULL;

	__atomic_store_n(&place->linked, 0, __ATOMIC_SEQ_CST);
	if (find_before(places, number, &before) >= 0) {
		if (before)
			__atomic_store_n(&before->next, place->next, __ATOMIC_SEQ_CST);
		else
			__atomic_store_n(cell_of(places, number), place->next, __ATOMIC_SEQ_CST);
	}
	return settle();
}
