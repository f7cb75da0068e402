// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Of a fence in which nothing changed three things are seen: the time of the directory of its pins, which each command
 * that changes it leaves anew; what its link runs, and on what, which also whoever detaches or replaces it otherwise
 * cannot hide; and that its cgroup is still there. The kernel lists all links with their cgroups in one pass, which nobody
 * without privileges can make longer; one that has no such list is asked for each fence.
 */
#include "fence/census.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/detach.h"
#include "fence/mark.h"
#include "fence/sweep.h"
#include "kernel/link.h"
#include "kernel/pins.h"

#include <fcntl.h>

/* For so many fences and more, all links are seen at once. */
#define LINKS_MIN 8

int cgfence_census_new(struct cgfence_census **census, struct cgfence_error *error)
{
	struct cgfence_census *made = calloc(1, sizeof(*made));

	if (!made)
		return error_out_of_memory(error);
	*census = made;
	return 0;
}

void cgfence_census_free(struct cgfence_census *census)
{
	if (!census)
		return;
	cgroup_places_free(&census->places);
	links_seen_free(&census->links);
	free(census->fences);
	free(census->ids);
	free(census);
}

const uint64_t *cgfence_census_ids(const struct cgfence_census *census, size_t *count)
{
	*count = census->id_count;
	return census->ids;
}

bool fence_seen_ports(const struct fence_seen *seen)
{
	return seen->hook && hook_topic(seen->hook) == CGFENCE_TOPIC_PORTS;
}

/* Return: is there a link that counts? Yes if in doubt, and then nothing is kept of what was seen. */
static bool see_link(struct fence_seen *seen, const struct hook *hook)
{
	int result = link_look(seen->id, hook, &seen->link);

	if (result == -ENOENT)
		return false;
	if (result)
		seen->mark = 0;
	seen->hook = hook;
	return true;
}

void fence_see(uint64_t id, struct fence_seen *seen)
{
	/* The mark first, so that a change in between shows the next time. */
	*seen = (struct fence_seen){ .id = id, .mark = fence_mark(id) };
	for (int i = 0; i < hook_count; i++) {
		if (hook_topic(&hooks[i]) == CGFENCE_TOPIC_PORTS && see_link(seen, &hooks[i]))
			return;
	}
	for (int i = 0; i < hook_count; i++) {
		if (hook_topic(&hooks[i]) != CGFENCE_TOPIC_PORTS && see_link(seen, &hooks[i]))
			return;
	}
}

int census_marks(const struct cgfence_census *census, struct fence_mark_of **marks, size_t *count,
		 struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t found = census ? census->count : 0;
	int result = census ? 0 : pins_list(&ids, &found, error);
	struct fence_mark_of *list;

	if (result)
		return result;
	list = calloc(found + 1, sizeof(*list));
	if (!list)
		return error_out_of_memory(error);
	for (size_t i = 0; i < found; i++) {
		list[i].id = census ? census->fences[i].id : ids[i];
		list[i].mark = census ? census->fences[i].mark : fence_mark(ids[i]);
	}
	*marks = list;
	*count = found;
	return 0;
}

/* A look in progress; the census stays as it was until the look is done. */
struct taking {
	struct cgfence_census *census;
	struct hierarchy hierarchy;
	int pins;
	int64_t begin_ns; /* by fence_mark_now() */
	bool sees_links;
	size_t at; /* how far the known ones were passed; they are in the same order */
	struct fence_seen *fences;
	size_t count;
};

static const struct fence_seen *find_known(struct taking *taking, uint64_t id)
{
	const struct cgfence_census *census = taking->census;

	while (taking->at < census->count && census->fences[taking->at].id < id)
		taking->at++;
	return taking->at < census->count && census->fences[taking->at].id == id
		       ? &census->fences[taking->at]
		       : NULL;
}

/* The list has only what is attached to a cgroup that is there. */
static bool see_in_list(const struct taking *taking, struct fence_seen *seen)
{
	struct cgfence_census *census = taking->census;
	const struct cgfence_link_seen *link = links_seen_find(&census->links, seen->link.link_id);

	if (!link)
		return false;
	seen->link = *link;
	return cgroup_places_keep(&census->places, link->cgroup_id);
}

static bool see_alone(const struct taking *taking, struct fence_seen *seen)
{
	return link_look(seen->id, seen->hook, &seen->link) == 0 &&
	       cgroup_places_have(&taking->census->places, &taking->hierarchy,
				  seen->link.cgroup_id);
}

/* A program that was replaced is all that may be new. One that is marked may go at any time (fence/sweep_all.c). */
static bool see_again(struct taking *taking, const struct fence_seen *known,
		      struct fence_seen *seen)
{
	bool is_passing = true;

	if (!known || !known->hook || !known->link.cgroup_id)
		return false;
	*seen = *known;
	seen->mark = fence_mark_in(taking->pins, known->id, taking->begin_ns, &is_passing);
	return seen->mark && seen->mark == known->mark && !is_passing &&
	       (taking->sees_links ? see_in_list(taking, seen) : see_alone(taking, seen)) &&
	       seen->link.cgroup_id == known->link.cgroup_id;
}

static void see(struct taking *taking, uint64_t id)
{
	struct fence_seen *seen = &taking->fences[taking->count];
	const char *path;

	if (!see_again(taking, find_known(taking, id), seen)) {
		fence_sweep_thoroughly(&taking->hierarchy, id);
		if (!pins_are_there(id))
			return;
		fence_see(id, seen);
		/* Where it is gone, it is looked at again. */
		if (seen->link.cgroup_id)
			cgroup_places_find(&taking->census->places, &taking->hierarchy,
					   seen->link.cgroup_id, &path, NULL);
	}
	taking->count++;
}

static uint64_t link_types(const struct cgfence_census *census)
{
	uint64_t types = 0;

	for (size_t i = 0; i < census->count; i++) {
		if (census->fences[i].hook)
			types |= 1ULL << census->fences[i].hook->attach_type;
	}
	return types;
}

static int take(struct taking *taking, struct cgfence_error *error)
{
	struct cgfence_census *census = taking->census;
	cleanup_free uint64_t *detaching = NULL;
	cleanup_free uint64_t *ids = NULL;
	cleanup_free uint64_t *fenced = NULL;
	size_t detaching_count = 0;
	size_t fenced_count = 0;
	size_t count = 0;
	int result = pins_list_all(&ids, &count, &detaching, &detaching_count, error);

	for (size_t i = 0; i < detaching_count && result == 0; i++)
		fence_detach_finish(detaching[i]);
	if (result == 0 && count)
		result = hierarchy_open(&taking->hierarchy, error);
	if (result)
		return result;
	if (count)
		cgroup_places_begin(&census->places, &taking->hierarchy);
	/* Where little is known there is little to save. */
	taking->sees_links = census->count >= LINKS_MIN &&
			     links_seen_read(&census->links, link_types(census));
	taking->fences = calloc(count + 1, sizeof(*taking->fences));
	fenced = calloc(count + 1, sizeof(*fenced));
	if (!taking->fences || !fenced)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++) {
		yield_now();
		see(taking, ids[i]);
	}
	fence_sweep_shared();
	for (size_t i = 0; i < taking->count; i++) {
		if (taking->fences[i].hook)
			fenced[fenced_count++] = taking->fences[i].id;
	}
	free(census->fences);
	free(census->ids);
	census->fences = cleanup_steal(taking->fences);
	census->count = taking->count;
	census->ids = cleanup_steal(fenced);
	census->id_count = fenced_count;
	return 0;
}

int cgfence_census_take(struct cgfence_census *census, struct cgfence_error *error)
{
	struct taking taking = {
		.census = census,
		.hierarchy = HIERARCHY_CLOSED,
		.pins = open(PINS_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC),
		.begin_ns = fence_mark_now(),
	};
	int result;

	result = take(&taking, error);
	free(taking.fences);
	hierarchy_close(&taking.hierarchy);
	cleanup_close_descriptor(&taking.pins);
	return result;
}
