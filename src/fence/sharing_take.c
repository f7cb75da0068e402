// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/sharing_take.h"
#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"
#include "fence/source_read.h"
#include "kernel/pins.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void swap(int *a, int *b)
{
	int kept = *a;

	*a = *b;
	*b = kept;
}

/* Only programs that judge ports use the map of what binds asked for. */
static int find_maps(int program, struct fence_maps *maps)
{
	cleanup_maps struct fence_maps found = FENCE_MAPS_CLOSED;
	int result = fence_maps_find(program, &found, NULL);

	if (result)
		return result;
	swap(&maps->asked, &found.asked);
	if (maps->policy < 0) {
		swap(&maps->policy, &found.policy);
		swap(&maps->own, &found.own);
		swap(&maps->records, &found.records);
		maps->policy_id = found.policy_id;
		maps->source_id = found.source_id;
	}
	return 0;
}

/* As far as it has programs, they all must have the policy of the first, and be all that the policy wants. */
static int read_programs(uint64_t id, struct fence_programs *set, struct fence_maps *maps)
{
	for (int i = 0; i < hook_count; i++) {
		cleanup_link struct link link = LINK_CLOSED;
		int result = link_open(id, &hooks[i], &link, NULL);

		if (result == -ENOENT)
			continue;
		if (result == 0 &&
		    (maps->policy < 0 || hooks[i].attach_type == BPF_CGROUP_INET4_BIND))
			result = find_maps(link.program, maps);
		if (result)
			return result;
		if (!fence_maps_have_policy_of(maps, link.program))
			return -EAGAIN;
		set->programs[i] = cleanup_steal_descriptor(&link.program);
	}
	return maps->policy < 0 ? -ENOENT : fence_maps_read_image(maps->policy, &set->image, NULL);
}

static bool is_whole(const struct fence_programs *set)
{
	for (int i = 0; i < hook_count; i++) {
		if (hook_is_wanted(&hooks[i], set->image) != (set->programs[i] >= 0))
			return false;
	}
	return true;
}

static bool is_same_map(int a, int b)
{
	return fence_maps_id(a) && fence_maps_id(a) == fence_maps_id(b);
}

/* The answers that loading them gave hold for all fences of the host. */
static void take_findings(struct cgfence_image *image, const struct cgfence_image *found)
{
	image->task = found->task;
	image->socket = found->socket;
	image->ports.guard = found->ports.guard;
	image->ports.traced = found->ports.traced;
	image->ports.killed_by_trace = found->ports.killed_by_trace;
	image->ports.mutes = found->ports.mutes;
}

/* Does an image say the same, beside what programs that are shared do not read there? */
static bool says_the_same(const struct cgfence_image *image, const struct cgfence_image *found)
{
	cleanup_free struct cgfence_image *expected = NULL;

	if (image->size != found->size)
		return false;
	expected = malloc(image->size);
	if (!expected)
		return false;
	memcpy(expected, image, image->size);
	expected->cgroup_id = found->cgroup_id;
	expected->record_seed = found->record_seed;
	expected->ports.since_ns = found->ports.since_ns;
	return memcmp(expected, found, image->size) == 0;
}

static bool remembers(const struct fence_maps *maps, const char *packed)
{
	cleanup_free char *found = NULL;

	return fence_source_read(maps->source_id, &found, NULL) == 0 && strcmp(found, packed) == 0;
}

/* The map of what binds asked for that the programs of a fence use: 0 if it judges no binds, -EBUSY if it may. */
static int64_t asked_of(uint64_t id)
{
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	struct fence_programs set;
	int64_t asked = -EBUSY;

	fence_programs_init(&set);
	if (read_programs(id, &set, &maps) == 0 && is_whole(&set))
		asked = set.image->ports.fenced ? fence_maps_id(maps.asked) : 0;
	fence_programs_release(&set);
	return asked;
}

/*
 * A bind passes the programs of each fence around it, so no two of these may take its one request in the map for theirs.
 * Whoever comes second of two commands sees the pins of the first.
 */
static bool is_around(uint64_t asked, int cgroup)
{
	cleanup_close int at = fcntl(cgroup, F_DUPFD_CLOEXEC, 0);
	struct stat status;

	/* Below it may be others: a directory has two links, and one for each in it. */
	if (at < 0 || fstat(at, &status) < 0 || status.st_nlink != 2)
		return true;
	for (;;) {
		cleanup_close int above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int64_t other = 0;
		uint64_t id;

		if (above < 0)
			return true;
		/* The cgroup above it may not be visible here. */
		if (!cgroup_is_directory(above))
			return faccessat(at, "cgroup.type", F_OK, 0) == 0;
		if (cgroup_read_id(above, &id))
			return true;
		/* While it is being detached, nothing is read of it. */
		if (pins_are_there(id) || pins_are_detaching(id))
			other = asked_of(id);
		if (other < 0 || (uint64_t)other == asked)
			return true;
		close(at);
		at = cleanup_steal_descriptor(&above);
	}
}

static bool may_take(const struct fence_change *change, const struct fence_programs *set,
		     const struct fence_maps *maps, const char *packed)
{
	const struct cgfence_image *wanted = change->new.image;
	const struct fence_maps *own = &change->old.maps;

	return set->image->shared && is_whole(set) && says_the_same(wanted, set->image) &&
	       is_same_map(maps->own, own->own) && is_same_map(maps->records, own->records) &&
	       remembers(maps, packed) &&
	       (!wanted->ports.fenced ||
		!is_around(fence_maps_id(maps->asked), cgfence_cgroup_fd(change->cgroup)));
}

bool sharing_take(struct fence_change *change, uint64_t donor, const char *packed)
{
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	struct cgfence_image *image = change->new.image;
	struct fence_programs set;
	bool taken;

	fence_programs_init(&set);
	taken = donor != change->id && read_programs(donor, &set, &maps) == 0;
	if (taken) {
		take_findings(image, set.image);
		taken = may_take(change, &set, &maps, packed);
	}
	for (int i = 0; taken && i < hook_count; i++)
		swap(&change->new.programs[i], &set.programs[i]);
	if (taken) {
		swap(&change->old.maps.policy, &maps.policy);
		swap(&change->old.maps.asked, &maps.asked);
	}
	fence_programs_release(&set);
	return taken;
}
