// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/maps.h"
#include "base/error.h"
#include "image/device_table.h"
#include "image/image.h"
#include "kernel/call.h"
#include "kernel/error.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <string.h>

/* More than any program of cgfence uses. */
#define PROGRAM_MAPS_MAX 16

int *fence_maps_slot(struct fence_maps *maps, const char *name)
{
	if (strcmp(name, CGFENCE_POLICY_MAP) == 0)
		return &maps->policy;
	if (strcmp(name, CGFENCE_COUNTERS_MAP) == 0)
		return &maps->counters;
	if (strcmp(name, CGFENCE_DENIALS_MAP) == 0)
		return &maps->denials;
	if (strcmp(name, CGFENCE_ASKED_MAP) == 0)
		return &maps->asked;
	if (strcmp(name, CGFENCE_MEMBERS_MAP) == 0)
		return &maps->members;
	if (strcmp(name, CGFENCE_STATE_MAP) == 0)
		return &maps->state;
	if (strcmp(name, CGFENCE_LOST_MAP) == 0)
		return &maps->lost;
	if (strcmp(name, CGFENCE_OWN_MAP) == 0)
		return &maps->own;
	if (strcmp(name, CGFENCE_RECORDS_MAP) == 0)
		return &maps->records;
	if (strcmp(name, CGFENCE_EVENTS_MAP) == 0)
		return &maps->events;
	return NULL;
}

static bool holds_denials(const struct bpf_map_info *info)
{
	return info->max_entries == CGFENCE_DENIAL_SETS &&
	       (info->value_size == sizeof(struct cgfence_denial_set) ||
		info->value_size == sizeof(struct cgfence_standing_denial_set));
}

/* The slot of a map of a fence, unless another version made it: this one cannot read its records. */
static int *map_slot(struct fence_maps *maps, const struct bpf_map_info *info)
{
	int *slot = fence_maps_slot(maps, info->name);

	if (slot == &maps->counters && info->value_size != sizeof(struct cgfence_counters))
		return NULL;
	if (slot == &maps->own && info->value_size != sizeof(struct cgfence_own))
		return NULL;
	if (slot == &maps->denials && !holds_denials(info))
		return NULL;
	if (slot == &maps->members && info->value_size != sizeof(struct cgfence_member))
		return NULL;
	/* The map of the host is found by its pin. */
	return slot == &maps->events ? NULL : slot;
}

struct program_maps {
	uint32_t program_id;
	uint32_t ids[PROGRAM_MAPS_MAX];
	uint32_t count;
};

static int list_maps(int program, struct program_maps *list)
{
	struct bpf_prog_info info = { .nr_map_ids = PROGRAM_MAPS_MAX,
				      .map_ids = (uintptr_t)list->ids };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return -errno;
	list->program_id = info.id;
	list->count = info.nr_map_ids < PROGRAM_MAPS_MAX ? info.nr_map_ids : PROGRAM_MAPS_MAX;
	return 0;
}

static int open_map(uint32_t id, int *fd, struct bpf_map_info *info, struct cgfence_error *error)
{
	cleanup_close int map = bpf_map_get_fd_by_id(id);
	uint32_t size = sizeof(*info);

	*info = (struct bpf_map_info){ 0 };
	if (map < 0 || bpf_obj_get_info_by_fd(map, info, &size) < 0)
		return kernel_error(error, errno, "open map %u", id);
	*fd = cleanup_steal_descriptor(&map);
	return 0;
}

/*
 * Calls @take with each map of a program until it returns true, which takes over the descriptor.
 * Return: 0, also if it never does, or -errno.
 */
static int for_each_map(int program, struct program_maps *list, fence_map_visitor *take,
			void *context, struct cgfence_error *error)
{
	int result = list_maps(program, list);

	if (result)
		return kernel_error(error, -result, "list the maps of a program");
	for (uint32_t i = 0; i < list->count; i++) {
		cleanup_close int map = -1;
		struct bpf_map_info info;

		result = open_map(list->ids[i], &map, &info, error);
		if (result || take(&map, &info, list->ids[i], context))
			return result;
	}
	return 0;
}

int fence_maps_for_each(int program, fence_map_visitor *visit, void *context,
			struct cgfence_error *error)
{
	struct program_maps list = { 0 };

	return for_each_map(program, &list, visit, context, error);
}

static int say_has_no_policy(uint32_t program_id, struct cgfence_error *error)
{
	return error_set(error, EINVAL, "program %u has no policy map and so is not cgfence's",
			 program_id);
}

static bool take_any(int *map, const struct bpf_map_info *info, uint32_t id, void *context)
{
	struct fence_maps *found = context;
	int *slot = map_slot(found, info);

	if (strcmp(info->name, CGFENCE_SOURCE_MAP) == 0)
		found->source_id = id;
	if (!slot || *slot >= 0)
		return false;
	*slot = cleanup_steal_descriptor(map);
	if (slot == &found->policy)
		found->policy_id = id;
	return false;
}

int fence_maps_find(int program, struct fence_maps *maps, struct cgfence_error *error)
{
	cleanup_maps struct fence_maps found = FENCE_MAPS_CLOSED;
	struct program_maps list = { 0 };
	int result = for_each_map(program, &list, take_any, &found, error);

	if (result)
		return result;
	if (found.policy < 0)
		return say_has_no_policy(list.program_id, error);
	*maps = found;
	found = (struct fence_maps)FENCE_MAPS_CLOSED;
	return 0;
}

struct wanted_map {
	const char *name;
	int fd;
};

static bool take_wanted(int *map, const struct bpf_map_info *info, uint32_t id, void *context)
{
	struct wanted_map *wanted = context;

	(void)id;
	if (strcmp(info->name, wanted->name) != 0)
		return false;
	wanted->fd = cleanup_steal_descriptor(map);
	return true;
}

int fence_maps_find_policy(int program, int *fd, struct cgfence_error *error)
{
	struct wanted_map policy = { CGFENCE_POLICY_MAP, -1 };
	struct program_maps list = { 0 };
	int result = for_each_map(program, &list, take_wanted, &policy, error);

	if (result)
		return result;
	if (policy.fd < 0)
		return say_has_no_policy(list.program_id, error);
	*fd = policy.fd;
	return 0;
}

int fence_maps_find_events(int program, int *fd, struct cgfence_error *error)
{
	struct wanted_map events = { CGFENCE_EVENTS_MAP, -1 };
	struct program_maps list = { 0 };
	int result = for_each_map(program, &list, take_wanted, &events, error);

	if (result)
		return result;
	if (events.fd < 0)
		return error_set(error, ENOENT, "program %u writes to no ring buffer of events",
				 list.program_id);
	*fd = events.fd;
	return 0;
}

uint32_t fence_maps_id(int map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return map >= 0 && bpf_obj_get_info_by_fd(map, &info, &size) == 0 ? info.id : 0;
}

bool fence_maps_has_name(int map, const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &size) == 0 && strcmp(info.name, name) == 0;
}

int fence_maps_use(int program, uint32_t map_id)
{
	struct program_maps list = { 0 };
	int result = list_maps(program, &list);

	if (result)
		return result;
	for (uint32_t i = 0; i < list.count; i++) {
		if (map_id && list.ids[i] == map_id)
			return 1;
	}
	return 0;
}

bool fence_maps_have_policy_of(const struct fence_maps *maps, int program)
{
	return fence_maps_use(program, maps->policy_id) > 0;
}

int fence_maps_create_policy(const struct cgfence_image *image, int *fd,
			     struct cgfence_error *error)
{
	uint32_t flags = BPF_F_RDONLY_PROG;
	cleanup_close int map = -1;
	uint32_t zero = 0;

	/* The value of a map that could be mapped begins a page (bpf_map_area_mmapable_alloc, kernel/bpf/syscall.c). */
	if (device_table_wants_page(image))
		flags |= BPF_F_MMAPABLE;
	map = call_create_map(BPF_MAP_TYPE_ARRAY, CGFENCE_POLICY_MAP, image->size, 1, flags);
	if (map < 0)
		return kernel_error(error, errno, "make the policy map");
	if (bpf_map_update_elem(map, &zero, image, BPF_ANY) < 0 || bpf_map_freeze(map) < 0)
		return kernel_error(error, errno, "fill the policy map");
	*fd = cleanup_steal_descriptor(&map);
	return 0;
}

int fence_maps_read_image(int policy_fd, struct cgfence_image **image, struct cgfence_error *error)
{
	cleanup_free struct cgfence_image *read = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t zero = 0;
	int result;

	if (bpf_obj_get_info_by_fd(policy_fd, &info, &size) < 0)
		return kernel_error(error, errno, "read the policy map");
	/* The kernel copies values out in whole words (array_map_lookup_elem, kernel/bpf/arraymap.c). */
	read = calloc(1, info.value_size + sizeof(uint64_t));
	if (!read)
		return error_set(error, ENOMEM, "out of memory while reading the policy map");
	if (bpf_map_lookup_elem(policy_fd, &zero, read) < 0)
		return kernel_error(error, errno, "read the policy map");
	result = image_check(read, info.value_size, error);
	if (result)
		return result;
	*image = cleanup_steal(read);
	return 0;
}

int fence_maps_check_names(const struct fence_maps *maps, struct cgfence_error *error)
{
	struct fence_maps scratch;
	const struct {
		int map;
		const int *slot;
	} made[] = {
		{ maps->policy, &scratch.policy },   { maps->counters, &scratch.counters },
		{ maps->denials, &scratch.denials }, { maps->asked, &scratch.asked },
		{ maps->members, &scratch.members }, { maps->state, &scratch.state },
		{ maps->lost, &scratch.lost },	     { maps->own, &scratch.own },
		{ maps->records, &scratch.records },
	};

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (made[i].map < 0)
			continue;
		if (bpf_obj_get_info_by_fd(made[i].map, &info, &size) < 0)
			return kernel_error(error, errno, "look at a new map");
		if (map_slot(&scratch, &info) != made[i].slot)
			return error_set(
				error, EAGAIN,
				"cannot give a map its name, without which it is not found again; the kernel may have been out of memory, so try again");
	}
	return 0;
}

static int create_events(uint32_t size)
{
	return bpf_map_create(BPF_MAP_TYPE_RINGBUF, CGFENCE_EVENTS_MAP, 0, 0, size, NULL);
}

int fence_maps_create_events(int *fd, struct cgfence_error *error)
{
	int map = create_events(CGFENCE_LEARNING_SIZE);

	if (map < 0)
		return kernel_error(error, errno, "make the ring buffer of a fence that learns");
	*fd = map;
	return 0;
}

/* Another command may pin one at the same time; the pinned one counts. */
static int make_events(const char *path)
{
	cleanup_close int map = create_events(CGFENCE_EVENTS_SIZE);

	if (map < 0 || bpf_obj_pin(map, path) == 0)
		return cleanup_steal_descriptor(&map);
	return errno == EEXIST ? bpf_obj_get(path) : -1;
}

int fence_maps_open_events(int *fd, struct cgfence_error *error)
{
	static const char path[] = PINS_ROOT "/events";
	cleanup_close int map = bpf_obj_get(path);

	if (map < 0 && errno == ENOENT)
		map = make_events(path);
	if (map < 0)
		return kernel_error(error, errno, "open the ring buffer of events");
	*fd = cleanup_steal_descriptor(&map);
	return 0;
}
