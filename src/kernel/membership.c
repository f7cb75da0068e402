// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/membership.h"
#include "base/error.h"
#include "image/image.h"
#include "image/standing_globs.h"
#include "kernel/error.h"
#include "kernel/member_host.h"
#include "kernel/member_records.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <string.h>

void membership_close(struct membership *membership)
{
	cleanup_close_descriptor(&membership->members);
	cleanup_close_descriptor(&membership->state);
	cleanup_close_descriptor(&membership->gone);
	cleanup_close_descriptor(&membership->lost);
	*membership = (struct membership)MEMBERSHIP_CLOSED;
}

static uint32_t component_count(const struct cgfence_image *image)
{
	return image_standing(image)->member_level - image_standing(image)->anchor_level;
}

static uint32_t map_id(int map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &size) < 0 ? 0 : info.id;
}

static int create_members(uint32_t room, int *map, struct cgfence_error *error)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);

	*map = bpf_map_create(BPF_MAP_TYPE_HASH, CGFENCE_MEMBERS_MAP, sizeof(uint64_t),
			      sizeof(struct cgfence_member), room, &options);
	return *map < 0 ? kernel_error(error, errno, "make the map of the members") : 0;
}

static void take_descriptors(struct member_programs *programs, struct membership *membership)
{
	membership->state = cleanup_steal_descriptor(&programs->state);
	membership->gone = cleanup_steal_descriptor(&programs->gone);
	membership->lost = cleanup_steal_descriptor(&programs->lost);
}

static int pin_members(uint64_t id, const struct membership *membership,
		       struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	membership_pin_path(path, id, membership->place);
	/* One that lost its place. */
	unlink(path);
	return bpf_obj_pin(membership->members, path) < 0
		       ? kernel_error(error, errno, "pin the map of the members")
		       : 0;
}

/* The names of removed members go on where the old one is. */
static uint64_t count_gone(const struct member_host *host, const struct membership *old)
{
	return old->members >= 0 ? host->places.places[old->place].gone : 0;
}

static void fill_place(const struct member_host *host, const struct cgfence_image *image,
		       const struct standing_globs *globs, const struct membership *old,
		       uint32_t number)
{
	struct cgfence_place *place = &host->places.places[number];

	place->lost = 0;
	place->unlisted = 0;
	place->gone = count_gone(host, old);
	place->next = 0;
	place->linked = 0;
	place->anchor_id = image_standing(image)->anchor_id;
	place->anchor_level = image_standing(image)->anchor_level;
	place->components = (uint16_t)globs->components;
	place->exceptions = (uint16_t)(globs->count - globs->components);
	__atomic_store_n(&place->fence_id, image_fence_id(image), __ATOMIC_SEQ_CST);
}

static int take_place(struct member_host *host, const struct cgfence_image *image,
		      const struct standing_globs *globs, const struct membership *old,
		      struct membership *made, struct cgfence_error *error)
{
	int number = member_places_find_free(&host->places);
	int result;

	if (number < 0)
		return error_set(error, ENOSPC, "there are %d standing fences already",
				 CGFENCE_PLACES);
	made->place = (uint32_t)number;
	result = pin_members(image_fence_id(image), made, error);
	if (result)
		return result;
	fill_place(host, image, globs, old, made->place);
	return 0;
}

static int make(const struct cgfence_image *image, const struct standing_globs *globs,
		uint32_t room, const struct membership *old, struct membership *made,
		struct cgfence_error *error)
{
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;
	int result = create_members(room, &made->members, error);

	if (result == 0)
		result = member_host_enter(&host, true, error);
	if (result == 0)
		result = take_place(&host, image, globs, old, made, error);
	if (result)
		return result;
	take_descriptors(&host.programs, made);
	return 0;
}

int membership_make(const struct cgfence_image *image, uint32_t room, const struct membership *old,
		    struct membership *made, struct cgfence_error *error)
{
	__attribute__((cleanup(standing_globs_free))) struct standing_globs globs = { 0 };
	cleanup_membership struct membership fresh = MEMBERSHIP_CLOSED;
	int result = standing_globs_compile(image, &globs);

	if (result)
		return error_out_of_memory(error);
	result = make(image, &globs, room, old, &fresh, error);
	if (result)
		return result;
	fresh.passing = true;
	*made = fresh;
	fresh = (struct membership)MEMBERSHIP_CLOSED;
	return 0;
}

/* Is it known to the programs that are attached now? */
static bool is_theirs(const struct member_programs *programs, const struct cgfence_image *image,
		      int state, uint32_t number, struct cgfence_place *place)
{
	return map_id(state) == map_id(programs->state) &&
	       bpf_map_lookup_elem(state, &number, place) == 0 &&
	       place->fence_id == image_fence_id(image) &&
	       place->anchor_id == image_standing(image)->anchor_id &&
	       place->components == component_count(image);
}

/* In the order in which they are needed once the place can be found. */
static int tell(const struct member_host *host, const struct standing_globs *globs,
		const struct membership *membership)
{
	uint32_t number = membership->place;
	int result = member_globs_put(host->programs.globs, number, globs);

	if (result)
		return result;
	if (bpf_map_update_elem(host->programs.members, &number, &membership->members, BPF_ANY) < 0)
		return -errno;
	return member_places_link(&host->places, number);
}

int membership_start(const struct cgfence_image *image, const struct membership *membership,
		     struct cgfence_error *error)
{
	__attribute__((cleanup(standing_globs_free))) struct standing_globs globs = { 0 };
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;
	struct cgfence_place place;
	int result = standing_globs_compile(image, &globs);

	if (result)
		return error_out_of_memory(error);
	result = member_host_enter(&host, false, error);
	if (result)
		return result;
	if (!is_theirs(&host.programs, image, membership->state, membership->place, &place))
		return error_set(error, EAGAIN, "somebody removed its place; try again");
	result = tell(&host, &globs, membership);
	if (result == -E2BIG)
		return error_set(error, E2BIG, "there are too many standing fences of its anchor");
	return result ? kernel_error(error, -result,
				     "tell the programs that see cgroups made of the fence")
		      : 0;
}

/* The pin comes before the place, so it is looked for by itself. */
static bool has_pin(uint64_t id, uint32_t place)
{
	char path[PINS_PATH_SIZE];

	membership_pin_path(path, id, place);
	return access(path, F_OK) == 0;
}

static bool is_whole(const struct member_programs *programs, const struct cgfence_image *image,
		     const struct fence_maps *maps, uint32_t number)
{
	struct cgfence_place place;
	uint32_t members = 0;

	return is_theirs(programs, image, maps->state, number, &place) && place.linked &&
	       bpf_map_lookup_elem(programs->members, &number, &members) == 0 &&
	       members == map_id(maps->members) && has_pin(image_fence_id(image), number);
}

/* Without the lock: what others change is none of this fence. */
static int find(const struct cgfence_image *image, const struct fence_maps *maps,
		struct membership *found, struct cgfence_error *error)
{
	cleanup_member_programs struct member_programs programs = MEMBER_PROGRAMS_CLOSED;
	int result = member_programs_open(&programs, error);

	if (result)
		return result;
	if (!is_whole(&programs, image, maps, found->place))
		return error_set(error, ENOENT,
				 "the programs that see cgroups made do not know of it");
	take_descriptors(&programs, found);
	return 0;
}

int membership_open(const struct cgfence_image *image, const struct fence_maps *maps,
		    struct membership *membership, struct cgfence_error *error)
{
	cleanup_membership struct membership found = MEMBERSHIP_CLOSED;
	int result;

	found.place = image_standing(image)->membership;
	if (maps->members < 0 || maps->state < 0)
		return error_set(error, ENOENT, "its programs have no map of members");
	result = find(image, maps, &found, error);
	if (result)
		return result;
	found.members = fcntl(maps->members, F_DUPFD_CLOEXEC, 0);
	if (found.members < 0)
		return error_set(error, EMFILE, "out of file descriptors");
	*membership = found;
	found = (struct membership)MEMBERSHIP_CLOSED;
	return 0;
}

int membership_lost(const struct membership *membership, uint64_t *lost,
		    struct cgfence_error *error)
{
	struct cgfence_place place;

	if (bpf_map_lookup_elem(membership->state, &membership->place, &place) < 0)
		return kernel_error(error, errno, "read the state of a standing fence");
	*lost = place.lost;
	return 0;
}

int membership_note_lost(const struct membership *membership, uint64_t id)
{
	bool listed = member_lost_put(membership->lost, membership->place, id) == 0;

	return member_places_add_lost(membership->state, membership->place, listed);
}

uint32_t membership_room(int members)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(members, &info, &size) < 0 ? 0 : info.max_entries;
}
