// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/port_fences.h"
#include "cgroup/cgroup.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/census.h"
#include "fence/fence.h"
#include "kernel/pins.h"

#include <cgfence/standing.h>
#include <string.h>

static void free_image(struct port_fence *fence)
{
	if (fence->shared)
		port_image_drop(fence->shared);
	else
		free(fence->image);
}

void port_fences_free(struct port_fences *fences)
{
	for (size_t i = 0; i < fences->count; i++) {
		free(fences->items[i].path);
		free_image(&fences->items[i]);
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

void port_fence_cache_free(struct port_fence_cache *cache)
{
	port_images_free(&cache->images);
}

/* What is being read. */
struct reading {
	struct hierarchy *hierarchy;
	const struct port_fence_cache *cache; /* NULL for none */
	struct cgroup_places *places;
	struct port_images images; /* of the fences so far */
	struct port_fences *fences;
	size_t capacity;
};

/*
 * The id of the program was read before: if it changes in between, the next pass reads the image again.
 *
 * Return: 0 or -errno; -ENOENT if the fence has vanished or does not fence ports.
 */
static int read_image(struct reading *reading, const struct fence_seen *seen,
		      struct port_image **image, struct cgfence_error *error)
{
	struct port_image *known =
		reading->cache ? port_images_find(&reading->cache->images, seen->link.program_id)
			       : NULL;
	struct cgfence_image *read = NULL;
	int result = 0;

	if (!fence_seen_ports(seen))
		return -ENOENT;
	if (known)
		port_image_use(known);
	else
		result = fence_read_port_image(seen->id, &read, error);
	if (result)
		return result;
	if (!known)
		known = port_image_new(seen->link.program_id, read);
	if (!known) {
		free(read);
		return error_out_of_memory(error);
	}
	port_images_add(&reading->images, known);
	*image = known;
	return 0;
}

/* Return: 0 or -errno; -ENOENT if the cgroup is gone. */
static int add(struct reading *reading, uint64_t id, uint64_t standing_id, struct port_image *image,
	       struct cgfence_error *error)
{
	struct port_fences *fences = reading->fences;
	struct port_fence *items =
		array_with_room(fences->items, fences->count, &reading->capacity, sizeof(*items));
	const char *path;
	char *copy;
	int result;

	if (!items)
		return error_out_of_memory(error);
	fences->items = items;
	/* The kernel takes a member off when its cgroup is removed, so it needs not be asked again. */
	path = standing_id ? cgroup_places_keep(reading->places, id) : NULL;
	result = path ? 0
		      : cgroup_places_find(reading->places, reading->hierarchy, id, &path, error);
	if (result)
		return result;
	copy = strdup(path);
	if (!copy)
		return error_out_of_memory(error);
	items[fences->count++] = (struct port_fence){
		.id = id,
		.standing_id = standing_id,
		.path = copy,
		.image = image->image,
		.shared = port_image_use(image),
	};
	return 0;
}

/* Members come and go meanwhile. */
static int add_members(struct reading *reading, uint64_t standing_id, struct port_image *image,
		       struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = cgfence_fence_open(standing_id, &fence, error);

	if (result == 0)
		result = cgfence_fence_read_members(fence, &ids, &count, error);
	for (size_t i = 0; i < count && result == 0; i++) {
		result = add(reading, ids[i], standing_id, image, error);
		if (result == -ENOENT)
			result = 0;
		yield_now();
	}
	return result;
}

/* Every cgroup at the level of members may be judged as one, listed or not. */
static int read_fence(struct reading *reading, const struct fence_seen *seen, uint64_t member,
		      struct cgfence_error *error)
{
	struct port_image *image = NULL;
	int result = read_image(reading, seen, &image, error);

	if (result || !image)
		return result;
	if (!(seen->id & CGFENCE_STANDING_ID))
		result = add(reading, seen->id, 0, image, error);
	else if (member)
		result = add(reading, member, seen->id, image, error);
	else
		result = add_members(reading, seen->id, image, error);
	port_image_drop(image);
	return result;
}

/* Looks closely at the fence @only, or all. */
static int look(uint64_t only, struct fence_seen **fences, size_t *count,
		struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	struct fence_seen *seen;
	size_t found = 1;
	int result = only ? 0 : pins_list(&ids, &found, error);

	if (result)
		return result;
	seen = calloc(found + 1, sizeof(*seen));
	if (!seen)
		return error_out_of_memory(error);
	for (size_t i = 0; i < found; i++) {
		fence_see(only ? only : ids[i], &seen[i]);
		yield_now();
	}
	*fences = seen;
	*count = found;
	return 0;
}

static int read_all(struct reading *reading, const struct fence_seen *seen, size_t count,
		    uint64_t member, struct cgfence_error *error)
{
	int code = count ? hierarchy_open(reading->hierarchy, error) : 0;

	for (size_t i = 0; i < count && reading->hierarchy->fd >= 0; i++) {
		struct cgfence_error reason = { 0 };
		int result = read_fence(reading, &seen[i], member, &reason);

		yield_now();
		if (result && result != -ENOENT && !code)
			code = error_set(error, -result, "%s", reason.text);
	}
	return code;
}

/* Without memory for an image the next pass reads it from the kernel. */
static void keep(struct port_fence_cache *cache, struct port_images *images)
{
	port_images_free(&cache->images);
	port_images_sort(images);
	cache->images = *images;
	*images = (struct port_images){ 0 };
}

int port_fences_read(uint64_t only, uint64_t member, struct port_fence_cache *cache,
		     struct hierarchy *hierarchy, struct port_fences *fences,
		     struct cgfence_error *error)
{
	struct cgfence_census *census = only || !cache ? NULL : cache->census;
	struct cgroup_places places = { 0 };
	struct port_fences read = { 0 };
	struct reading reading = {
		.hierarchy = hierarchy,
		.cache = cache,
		.places = census ? &census->places : &places,
		.fences = &read,
	};
	cleanup_free struct fence_seen *seen = NULL;
	size_t count = 0;
	int code = census ? 0 : look(only, &seen, &count, error);

	if (code == 0)
		code = read_all(&reading, census ? census->fences : seen,
				census ? census->count : count, member, error);
	cgroup_places_free(&places);
	if (cache && !only)
		keep(cache, &reading.images);
	port_images_free(&reading.images);
	if (read.count)
		qsort(read.items, read.count, sizeof(*read.items), compare_fences);
	if (set_above(&read)) {
		port_fences_free(&read);
		return error_out_of_memory(error);
	}
	*fences = read;
	return code;
}
