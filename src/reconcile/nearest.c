// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/nearest.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/splitmix64.h"
#include "base/yield.h"
#include "cgroup/id.h"

#include <errno.h>
#include <fcntl.h>

#define FIRST_SIZE 64

/* The slot of the cgroup in the table, or the empty one for it. */
static struct nearest_entry *slot_of(struct nearest_entry *table, size_t size, uint64_t cgroup_id)
{
	uint64_t state = cgroup_id;
	size_t i = splitmix64_next(&state) & (size - 1);

	while (table[i].cgroup_id && table[i].cgroup_id != cgroup_id)
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* At most half of the table is full. */
static int grow(struct nearest *nearest)
{
	size_t size = nearest->size ? 2 * nearest->size : FIRST_SIZE;
	struct nearest_entry *table;

	if (2 * (nearest->count + 1) <= nearest->size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < nearest->size; i++) {
		const struct nearest_entry *entry = &nearest->table[i];

		if (entry->cgroup_id)
			*slot_of(table, size, entry->cgroup_id) = *entry;
	}
	free(nearest->table);
	nearest->table = table;
	nearest->size = size;
	return 0;
}

bool nearest_known(const struct nearest *nearest, uint64_t cgroup_id, size_t *fence)
{
	const struct nearest_entry *entry =
		nearest->size ? slot_of(nearest->table, nearest->size, cgroup_id) : NULL;

	if (!entry || entry->cgroup_id != cgroup_id)
		return false;
	*fence = entry->fence;
	return true;
}

int nearest_remember(struct nearest *nearest, uint64_t cgroup_id, size_t fence)
{
	struct nearest_entry *entry;

	if (grow(nearest))
		return -ENOMEM;
	entry = slot_of(nearest->table, nearest->size, cgroup_id);
	if (entry->cgroup_id)
		return 0;
	*entry = (struct nearest_entry){ .cgroup_id = cgroup_id, .fence = fence };
	nearest->count++;
	return 0;
}

void nearest_free(struct nearest *nearest)
{
	free(nearest->table);
	*nearest = (struct nearest){ 0 };
}

/* ---- the way up ---- */

struct climb {
	uint64_t *ids; /* of the cgroups that were passed */
	size_t count;
	size_t capacity;
};

static int pass_by(struct climb *climb, uint64_t id)
{
	uint64_t *ids = array_with_room(climb->ids, climb->count, &climb->capacity, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	climb->ids = ids;
	ids[climb->count++] = id;
	return 0;
}

/* Moves @fd to the parent. Return: 0 or -errno. */
static int go_up(int *fd)
{
	int parent = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = errno;

	if (parent < 0)
		return -code;
	close(*fd);
	*fd = parent;
	return 0;
}

/* The parent of the root is the directory with the mount point, which is not a cgroup. */
static bool is_cgroup(int fd, uint64_t *id)
{
	return faccessat(fd, "cgroup.procs", F_OK, 0) == 0 && cgroup_read_id(fd, id) == 0;
}

static bool find_at_once(const struct nearest *nearest, const struct port_fences *fences,
			 uint64_t id, size_t *fence)
{
	if (nearest_known(nearest, id, fence))
		return true;
	*fence = port_fences_find(fences, id);
	return *fence != PORT_FENCE_NONE;
}

/*
 * Not by path, since the path of a cgroup without a fence can be longer than the kernel returns.
 *
 * Return: 0, -ENOENT if the cgroup is gone, another -errno.
 */
static int climb(const struct nearest *nearest, const struct port_fences *fences,
		 const struct hierarchy *hierarchy, uint64_t cgroup_id, struct climb *climb,
		 size_t *fence)
{
	cleanup_close int fd = hierarchy_open_directory(hierarchy, cgroup_id);
	int result = fd < 0 ? fd : 0;
	uint64_t id;

	while (result == 0 && is_cgroup(fd, &id) && !find_at_once(nearest, fences, id, fence)) {
		yield_now();
		result = pass_by(climb, id);
		if (result == 0)
			result = go_up(&fd);
	}
	return result;
}

int nearest_find(struct nearest *nearest, const struct port_fences *fences,
		 const struct hierarchy *hierarchy, uint64_t cgroup_id, size_t *fence)
{
	struct climb passed = { 0 };
	size_t found = PORT_FENCE_NONE;
	int result = 0;

	if (cgroup_id && !find_at_once(nearest, fences, cgroup_id, &found)) {
		yield_now();
		result = climb(nearest, fences, hierarchy, cgroup_id, &passed, &found);
		/* Nothing is above one that is gone, and it is not asked for again. */
		if (result == 0 || result == -ENOENT)
			result = nearest_remember(nearest, cgroup_id, found);
	}
	for (size_t i = 0; i < passed.count && result == 0; i++)
		result = nearest_remember(nearest, passed.ids[i], found);
	free(passed.ids);
	if (result == 0)
		*fence = found;
	return result;
}
