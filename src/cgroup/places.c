// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/places.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void cgroup_places_free(struct cgroup_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].path);
	free(places->items);
	*places = (struct cgroup_places){ 0 };
}

static int compare_places(const void *left, const void *right)
{
	const struct cgroup_place *a = left;
	const struct cgroup_place *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

void cgroup_places_begin(struct cgroup_places *places, const struct hierarchy *hierarchy)
{
	uint64_t mounts = hierarchy_digest(hierarchy);
	size_t kept = 0;

	/* Paths are relative to what the mounts show. */
	if (places->mounts != mounts)
		cgroup_places_free(places);
	places->mounts = mounts;
	if (places->count)
		qsort(places->items, places->count, sizeof(*places->items), compare_places);
	for (size_t i = 0; i < places->count; i++) {
		struct cgroup_place *place = &places->items[i];

		if (!place->used || (kept && places->items[kept - 1].id == place->id)) {
			free(place->path);
			continue;
		}
		place->used = false;
		places->items[kept++] = *place;
	}
	places->count = kept;
	places->sorted = kept;
}

static bool is_there(const struct hierarchy *hierarchy, const struct cgroup_place *place)
{
	struct stat status;

	/* The number of its inode is its id (kernfs_ino(), include/linux/kernfs.h). */
	return place->below != SIZE_MAX &&
	       fstatat(hierarchy->fd, place->path + place->below, &status, AT_EMPTY_PATH) == 0 &&
	       status.st_ino == place->id && status.st_dev == hierarchy->device;
}

static struct cgroup_place *find_known(const struct cgroup_places *places, uint64_t id)
{
	const struct cgroup_place key = { .id = id };

	return places->sorted
		       ? bsearch(&key, places->items, places->sorted, sizeof(key), compare_places)
		       : NULL;
}

static struct cgroup_place *find_there(struct cgroup_places *places,
				       const struct hierarchy *hierarchy, uint64_t id)
{
	struct cgroup_place *place = find_known(places, id);

	/* A second question in a round gets the same answer. */
	if (!place || (!place->used && !is_there(hierarchy, place)))
		return NULL;
	place->used = true;
	return place;
}

/* The way there from the mount point is the end of the path, unless that point does not show the cgroup. */
static size_t find_below(const struct hierarchy *hierarchy, const struct cgfence_cgroup *cgroup)
{
	const struct cgroup2_mount *mount = &hierarchy->mounts.items[hierarchy->first];
	const char *below = path_below(cgroup_directory(cgroup), mount->point);
	size_t length = strlen(cgfence_cgroup_path(cgroup));

	if (!below)
		return SIZE_MAX;
	while (*below == '/')
		below++;
	if (strlen(below) > length ||
	    strcmp(cgfence_cgroup_path(cgroup) + length - strlen(below), below) != 0)
		return SIZE_MAX;
	return length - strlen(below);
}

static struct cgroup_place *add(struct cgroup_places *places, const struct hierarchy *hierarchy,
				const struct cgfence_cgroup *cgroup, uint64_t id)
{
	struct cgroup_place *items =
		array_with_room(places->items, places->count, &places->capacity, sizeof(*items));
	char *path = items ? strdup(cgfence_cgroup_path(cgroup)) : NULL;

	if (items)
		places->items = items;
	if (!path)
		return NULL;
	items[places->count] = (struct cgroup_place){
		.id = id,
		.path = path,
		.below = find_below(hierarchy, cgroup),
		.used = true,
	};
	return &items[places->count++];
}

int cgroup_places_find(struct cgroup_places *places, const struct hierarchy *hierarchy, uint64_t id,
		       const char **path, struct cgfence_error *error)
{
	const struct cgroup_place *place = find_there(places, hierarchy, id);
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = place ? 0 : hierarchy_open_any(hierarchy, id, &cgroup, error);

	if (result)
		return result;
	if (!place)
		place = add(places, hierarchy, cgroup, id);
	if (!place)
		return error_out_of_memory(error);
	*path = place->path;
	return 0;
}

bool cgroup_places_have(struct cgroup_places *places, const struct hierarchy *hierarchy,
			uint64_t id)
{
	return find_there(places, hierarchy, id);
}

const char *cgroup_places_keep(struct cgroup_places *places, uint64_t id)
{
	struct cgroup_place *place = find_known(places, id);

	if (place)
		place->used = true;
	return place ? place->path : NULL;
}
