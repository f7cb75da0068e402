// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/port_fences.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "kernel/pins.h"

#include <cgfence/standing.h>
#include <fcntl.h>
#include <string.h>

void port_fences_free(struct port_fences *fences)
{
	for (size_t i = 0; i < fences->count; i++) {
		free(fences->items[i].path);
		free(fences->items[i].image);
	}
	free(fences->items);
	*fences = (struct port_fences){ 0 };
}

static int compare_ids(const void *left, const void *right)
{
	const struct port_fence *a = left;
	const struct port_fence *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static int compare_fences(const void *left, const void *right)
{
	const struct port_fence *a = left;
	const struct port_fence *b = right;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->standing_id < b->standing_id ? -1 : a->standing_id > b->standing_id;
}

size_t port_fences_find(const struct port_fences *fences, uint64_t id)
{
	const struct port_fence key = { .id = id };
	const struct port_fence *found = fences->count ? bsearch(&key, fences->items, fences->count,
								 sizeof(key), compare_ids)
						       : NULL;

	size_t index;

	if (!found)
		return PORT_FENCE_NONE;
	index = (size_t)(found - fences->items);
	while (index + 1 < fences->count && fences->items[index + 1].id == id)
		index++;
	return index;
}

static int open_parent(int fd)
{
	int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return parent < 0 ? -errno : parent;
}

/* Not by path, since the path of a cgroup without a fence can be longer than the kernel returns. */
int port_fences_nearest(const struct port_fences *fences, const struct hierarchy *hierarchy,
			uint64_t cgroup_id, size_t *nearest)
{
	size_t found = port_fences_find(fences, cgroup_id);
	uint64_t id;
	int fd = -ENOENT;

	if (found == PORT_FENCE_NONE)
		fd = hierarchy_open_directory(hierarchy, cgroup_id);
	/* The parent of the root is the directory with the mount point, which is not a cgroup. */
	while (fd >= 0 && faccessat(fd, "cgroup.procs", F_OK, 0) == 0 &&
	       cgroup_read_id(fd, &id) == 0) {
		int parent;

		found = port_fences_find(fences, id);
		if (found != PORT_FENCE_NONE)
			break;
		parent = open_parent(fd);
		close(fd);
		fd = parent;
	}
	if (fd >= 0)
		close(fd);
	else if (fd != -ENOENT)
		return fd;
	*nearest = found;
	return 0;
}

static int path_rank(char character)
{
	return character == '/' ? 1 : (unsigned char)character + (character ? 1 : 0);
}

/* The descendants of a cgroup come right after it, before siblings whose name begins with its name. */
static int compare_paths(const void *left, const void *right)
{
	const struct port_fence *fence_a = *(struct port_fence *const *)left;
	const struct port_fence *fence_b = *(struct port_fence *const *)right;
	const char *a = fence_a->path;
	const char *b = fence_b->path;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	/* Fences on one cgroup are in the order in which they are listed. */
	return *a != *b ? path_rank(*a) - path_rank(*b) : compare_fences(fence_a, fence_b);
}

/*
 * Every fence that was opened has a path, so the next fence above is found without the kernel. Where no mount shows a
 * fence, nothing tells what is above it.
 */
static int set_above(struct port_fences *fences)
{
	cleanup_free struct port_fence **order =
		calloc(fences->count + 1, sizeof(struct port_fence *));
	size_t last = PORT_FENCE_NONE;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < fences->count; i++)
		order[i] = &fences->items[i];
	qsort(order, fences->count, sizeof(struct port_fence *), compare_paths);
	for (size_t i = 0; i < fences->count; i++) {
		while (last != PORT_FENCE_NONE &&
		       !path_below(order[i]->path, fences->items[last].path))
			last = fences->items[last].above;
		order[i]->above = last;
		last = (size_t)(order[i] - fences->items);
	}
	return 0;
}

static int compare_remembered(const void *left, const void *right)
{
	const struct remembered_image *a = left;
	const struct remembered_image *b = right;

	return a->fence_id < b->fence_id ? -1 : a->fence_id > b->fence_id;
}

/* No program has id 0; it means that the program is not known. */
static struct remembered_image *find_remembered(const struct port_fence_cache *cache,
						uint64_t fence_id, uint32_t program_id)
{
	const struct remembered_image key = { .fence_id = fence_id };
	struct remembered_image *found =
		cache->count && program_id
			? bsearch(&key, cache->items, cache->count, sizeof(key), compare_remembered)
			: NULL;

	return found && found->program_id == program_id ? found : NULL;
}

static struct cgfence_image *copy_image(const struct cgfence_image *image)
{
	struct cgfence_image *copy = malloc(image->size);

	if (copy)
		memcpy(copy, image, image->size);
	return copy;
}

struct cgfence_image *port_fence_cache_copy(const struct port_fence_cache *cache, uint64_t fence_id,
					    uint32_t program_id)
{
	const struct remembered_image *found = find_remembered(cache, fence_id, program_id);

	return found && found->image ? copy_image(found->image) : NULL;
}

void port_fence_cache_free(struct port_fence_cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		free(cache->items[i].image);
	free(cache->items);
	*cache = (struct port_fence_cache){ 0 };
}

/* Members of one standing fence have the same image. */
static bool is_kept(const struct port_fence_cache *kept, uint64_t id)
{
	for (size_t i = 0; id & CGFENCE_STANDING_ID && i < kept->count; i++) {
		if (kept->items[i].fence_id == id)
			return true;
	}
	return false;
}

static void keep_image(struct port_fence_cache *cache, const struct port_fence *fence,
		       struct port_fence_cache *kept)
{
	uint64_t id = port_fence_identity(fence);
	struct remembered_image *known = find_remembered(cache, id, fence->program_id);
	struct remembered_image *item;

	if (is_kept(kept, id))
		return;
	item = &kept->items[kept->count++];
	item->fence_id = id;
	item->program_id = fence->program_id;
	item->image = known ? known->image : copy_image(fence->image);
	if (known)
		known->image = NULL;
}

void port_fence_cache_keep(struct port_fence_cache *cache, const struct port_fences *fences)
{
	struct port_fence_cache kept = {
		.items = calloc(fences->count + 1, sizeof(*kept.items)),
	};

	/* Without memory the cache lacks images, and the next pass reads them from the kernel. */
	for (size_t i = 0; i < fences->count && kept.items; i++)
		keep_image(cache, &fences->items[i], &kept);
	if (kept.count)
		qsort(kept.items, kept.count, sizeof(*kept.items), compare_remembered);
	port_fence_cache_free(cache);
	*cache = kept;
}

/* What is being read. */
struct reading {
	struct hierarchy hierarchy;
	const struct port_fence_cache *cache;
	struct port_fences *fences;
	size_t capacity;
};

/* Return: 0 or -errno; -ENOENT if the fence has vanished or does not fence ports. */
static int read_image(const struct reading *reading, uint64_t id, struct port_fence *fence,
		      struct cgfence_error *error)
{
	if (reading->cache) {
		/* Before the image: if the program changes in between, the next pass reads the image again. */
		fence->program_id = fence_port_program(id);
		fence->image = port_fence_cache_copy(reading->cache, id, fence->program_id);
	}
	return fence->image ? 0 : fence_read_port_image(id, &fence->image, error);
}

/* Takes over the image. Return: 0 or -errno; -ENOENT if the cgroup is gone. */
static int add(struct reading *reading, struct port_fence *fence, struct cgfence_error *error)
{
	struct port_fences *fences = reading->fences;
	struct port_fence *items =
		array_with_room(fences->items, fences->count, &reading->capacity, sizeof(*items));
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result;

	if (!items) {
		free(fence->image);
		return error_out_of_memory(error);
	}
	fences->items = items;
	result = hierarchy_open_any(&reading->hierarchy, fence->id, &cgroup, error);
	if (result == 0) {
		fence->path = strdup(cgfence_cgroup_path(cgroup));
		result = fence->path ? 0 : error_out_of_memory(error);
	}
	if (result)
		free(fence->image);
	else
		items[fences->count++] = *fence;
	return result;
}

static int read_fence(struct reading *reading, uint64_t id, struct cgfence_error *error)
{
	struct port_fence fence = { .id = id };
	int result = read_image(reading, id, &fence, error);

	return result ? result : add(reading, &fence, error);
}

static int add_member(struct reading *reading, const struct port_fence *pattern, uint64_t member,
		      struct cgfence_error *error)
{
	struct port_fence fence = *pattern;

	fence.id = member;
	fence.image = copy_image(pattern->image);
	return fence.image ? add(reading, &fence, error) : error_out_of_memory(error);
}

/* Members come and go meanwhile. */
static int add_members(struct reading *reading, const struct port_fence *pattern,
		       struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = cgfence_fence_open(pattern->standing_id, &fence, error);

	if (result == 0)
		result = cgfence_fence_read_members(fence, &ids, &count, error);
	for (size_t i = 0; i < count && result == 0; i++) {
		result = add_member(reading, pattern, ids[i], error);
		if (result == -ENOENT)
			result = 0;
		yield_now();
	}
	return result;
}

static int read_members(struct reading *reading, uint64_t id, uint64_t member,
			struct cgfence_error *error)
{
	struct port_fence pattern = { .standing_id = id };
	int result = read_image(reading, id, &pattern, error);

	if (result)
		return result;
	/* Every cgroup at their level may be judged as one, listed or not. */
	result = member ? add_member(reading, &pattern, member, error)
			: add_members(reading, &pattern, error);
	free(pattern.image);
	return result;
}

/* Lists the fence @only, or all. */
static int list_ids(uint64_t only, uint64_t **ids, size_t *count, struct cgfence_error *error)
{
	uint64_t *list;

	if (!only)
		return pins_list(ids, count, error);
	list = malloc(sizeof(*list));
	if (!list)
		return error_out_of_memory(error);
	*list = only;
	*ids = list;
	*count = 1;
	return 0;
}

static void cleanup_close_reading(struct reading *reading)
{
	hierarchy_close(&reading->hierarchy);
}

int port_fences_read(uint64_t only, uint64_t member, struct port_fence_cache *cache,
		     struct port_fences *fences, struct cgfence_error *error)
{
	struct port_fences read = { 0 };
	__attribute__((cleanup(cleanup_close_reading))) struct reading reading = {
		.hierarchy = HIERARCHY_CLOSED, .cache = cache, .fences = &read
	};
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int code = list_ids(only, &ids, &count, error);

	if (code == 0 && count)
		code = hierarchy_open(&reading.hierarchy, error);
	if (code)
		return code;
	for (size_t i = 0; i < count; i++) {
		struct cgfence_error reason = { 0 };
		int result = ids[i] & CGFENCE_STANDING_ID
				     ? read_members(&reading, ids[i], member, &reason)
				     : read_fence(&reading, ids[i], &reason);

		yield_now();
		if (result && result != -ENOENT && !code)
			code = error_set(error, -result, "%s", reason.text);
	}
	if (read.count)
		qsort(read.items, read.count, sizeof(*read.items), compare_fences);
	if (set_above(&read)) {
		port_fences_free(&read);
		return error_out_of_memory(error);
	}
	if (cache && !only)
		port_fence_cache_keep(cache, &read);
	*fences = read;
	return code;
}
