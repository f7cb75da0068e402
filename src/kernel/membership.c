// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/membership.h"
#include "base/error.h"
#include "image/image.h"
#include "image/standing_globs.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/pins.h"
#include "kernel/quiet.h"
#include "kernel/sections.h"
#include "members.skel.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/*
 * In the order in which they start: a cgroup that comes and goes between the two must not become a member that nobody
 * removes. They end the other way round.
 */
enum { PIN_RMDIR, PIN_MKDIR, PIN_COUNT };

static const char *const pin_names[PIN_COUNT] = { [PIN_RMDIR] = "rmdir", [PIN_MKDIR] = "mkdir" };

static void cleanup_destroy_skeleton(struct members_bpf **skeleton)
{
	members_bpf__destroy(*skeleton);
}

#define cleanup_skeleton __attribute__((cleanup(cleanup_destroy_skeleton)))

void membership_close(struct membership *membership)
{
	cleanup_close_descriptor(&membership->members);
	cleanup_close_descriptor(&membership->state);
	cleanup_close_descriptor(&membership->gone);
	cleanup_close_descriptor(&membership->mkdir);
	cleanup_close_descriptor(&membership->rmdir);
	*membership = (struct membership)MEMBERSHIP_CLOSED;
}

static uint32_t component_count(const struct cgfence_image *image)
{
	return image_standing(image)->member_level - image_standing(image)->anchor_level;
}

/* What another anchor left has other names. */
static bool fits(int gone, uint32_t size)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);

	return gone >= 0 && bpf_obj_get_info_by_fd(gone, &info, &length) == 0 &&
	       info.value_size == size;
}

static int size_maps(struct members_bpf *skeleton, const struct cgfence_image *image,
		     const struct standing_globs *globs, uint32_t room,
		     const struct membership *old)
{
	uint32_t gone_size = (uint32_t)(offsetof(struct cgfence_gone, names) +
					component_count(image) * CGFENCE_NAME_SIZE);
	/* The settings are not mapped, for which they would take whole pages. */
	int result = bpf_map__set_map_flags(skeleton->maps.rodata, BPF_F_RDONLY_PROG);

	if (result == 0)
		result = bpf_map__set_max_entries(skeleton->maps.cgfence_members, room);

	if (result == 0)
		result = bpf_map__set_max_entries(skeleton->maps.cgfence_globs,
						  (uint32_t)globs->count);
	if (result == 0)
		result = bpf_map__set_value_size(skeleton->maps.cgfence_globs,
						 (uint32_t)CGFENCE_GLOB_SIZE(globs->class_count));
	if (result == 0)
		result = bpf_map__set_value_size(skeleton->maps.cgfence_going, gone_size);
	if (result == 0 && fits(old->gone, gone_size))
		return bpf_map__reuse_fd(skeleton->maps.cgfence_gone, old->gone);
	return result ? result : bpf_map__set_value_size(skeleton->maps.cgfence_gone, gone_size);
}

static int fill_maps(const struct members_bpf *skeleton, const struct standing_globs *globs,
		     const struct membership *old)
{
	struct cgfence_membership_state state = { 0 };
	uint32_t zero = 0;

	if (old->state >= 0 && membership_read_state(old->state, &state, NULL))
		return -errno;
	state.lost = 0;
	if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.cgfence_state), &zero, &state, BPF_ANY) <
	    0)
		return -errno;
	for (uint32_t i = 0; i < globs->count; i++) {
		if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.cgfence_globs), &i,
					&globs->items[i], BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static int duplicate(int fd, int *copy)
{
	*copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *copy < 0 ? -errno : 0;
}

static int keep(const struct members_bpf *skeleton, struct membership *made)
{
	int result = duplicate(bpf_map__fd(skeleton->maps.cgfence_members), &made->members);

	if (result == 0)
		result = duplicate(bpf_map__fd(skeleton->maps.cgfence_state), &made->state);
	if (result == 0)
		result = duplicate(bpf_map__fd(skeleton->maps.cgfence_gone), &made->gone);
	if (result == 0)
		result = duplicate(bpf_program__fd(skeleton->progs.cgfence_mkdir), &made->mkdir);
	if (result == 0)
		result = duplicate(bpf_program__fd(skeleton->progs.cgfence_rmdir), &made->rmdir);
	return result;
}

static int load(const struct cgfence_image *image, const struct standing_globs *globs,
		uint32_t room, const struct membership *old, struct membership *made)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	cleanup_skeleton struct members_bpf *skeleton = members_bpf__open_opts(&options);
	int result;

	if (!skeleton)
		return -errno;
	skeleton->rodata->membership.anchor_id = image_standing(image)->anchor_id;
	skeleton->rodata->membership.anchor_level = image_standing(image)->anchor_level;
	skeleton->rodata->membership.components = component_count(image);
	skeleton->rodata->membership.exceptions = (uint32_t)globs->count - component_count(image);
	skeleton->rodata->membership.class_count = globs->class_count;
	result = size_maps(skeleton, image, globs, room, old);
	if (result == 0)
		result = sections_prepare(skeleton->obj);
	if (result == 0)
		result = members_bpf__load(skeleton);
	if (result == 0)
		result = fill_maps(skeleton, globs, old);
	return result ? result : keep(skeleton, made);
}

int membership_load(const struct cgfence_image *image, uint32_t room, const struct membership *old,
		    struct membership *made, struct cgfence_error *error)
{
	__attribute__((cleanup(standing_globs_free))) struct standing_globs globs = { 0 };
	cleanup_membership struct membership loaded = MEMBERSHIP_CLOSED;
	int result = standing_globs_compile(image, &globs);

	if (result)
		return error_out_of_memory(error);
	result = load(image, &globs, room, old, &loaded);
	if (result)
		return kernel_error(error, -result, "load the programs that see cgroups made");
	*made = loaded;
	loaded = (struct membership)MEMBERSHIP_CLOSED;
	return 0;
}

static void pin_path(char path[PINS_PATH_SIZE], uint64_t id, int pin, uint32_t number,
		     bool detaching)
{
	char name[16];

	snprintf(name, sizeof(name), "%s%u", pin_names[pin], number);
	(detaching ? pins_detaching_path : pins_path)(path, id, name);
}

int membership_start(uint64_t id, uint32_t number, const struct membership *membership,
		     struct cgfence_error *error)
{
	const int programs[PIN_COUNT] = {
		[PIN_RMDIR] = membership->rmdir, [PIN_MKDIR] = membership->mkdir
	};

	for (int i = 0; i < PIN_COUNT; i++) {
		cleanup_close int link = bpf_raw_tracepoint_open(NULL, programs[i]);
		char path[PINS_PATH_SIZE];

		pin_path(path, id, i, number, false);
		if (link < 0 || bpf_obj_pin(link, path) < 0) {
			int code = errno;

			membership_remove(id, number);
			return kernel_error(error, code,
					    "attach the programs that see cgroups made");
		}
	}
	return 0;
}

/* Opens the program of a pinned link. */
static int open_program(uint64_t id, int pin, uint32_t number, int *program)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	cleanup_close int link = -1;
	char path[PINS_PATH_SIZE];

	pin_path(path, id, pin, number, false);
	link = bpf_obj_get(path);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) < 0)
		return -errno;
	*program = bpf_prog_get_fd_by_id(info.prog_id);
	return *program < 0 ? -errno : 0;
}

static bool take_map(int *map, const struct bpf_map_info *info, uint32_t id, void *context)
{
	struct membership *found = context;
	int *slot = NULL;

	(void)id;
	if (strcmp(info->name, CGFENCE_MEMBERS_MAP) == 0)
		slot = &found->members;
	else if (strcmp(info->name, CGFENCE_STATE_MAP) == 0)
		slot = &found->state;
	else if (strcmp(info->name, CGFENCE_GONE_MAP) == 0)
		slot = &found->gone;
	if (slot && *slot < 0)
		*slot = cleanup_steal_descriptor(map);
	return false;
}

int membership_open(uint64_t id, uint32_t number, struct membership *membership,
		    struct cgfence_error *error)
{
	cleanup_membership struct membership found = MEMBERSHIP_CLOSED;
	int result = open_program(id, PIN_MKDIR, number, &found.mkdir);

	if (result == 0)
		result = open_program(id, PIN_RMDIR, number, &found.rmdir);
	if (result == -ENOENT)
		return error_set(error, ENOENT, "its programs that see cgroups made are missing");
	if (result)
		return kernel_error(error, -result, "open the programs that see cgroups made");
	result = fence_maps_for_each(found.rmdir, take_map, &found, error);
	if (result)
		return result;
	if (found.members < 0 || found.state < 0 || found.gone < 0)
		return error_set(error, ENOENT, "its programs that see cgroups made have no map");
	*membership = found;
	found = (struct membership)MEMBERSHIP_CLOSED;
	return 0;
}

bool membership_is_there(uint64_t id, uint32_t number)
{
	for (int i = 0; i < PIN_COUNT; i++) {
		char path[PINS_PATH_SIZE];

		pin_path(path, id, i, number, false);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void remove_pins(uint64_t id, uint32_t number, bool detaching)
{
	for (int i = PIN_COUNT; i-- > 0;) {
		char path[PINS_PATH_SIZE];

		pin_path(path, id, i, number, detaching);
		unlink(path);
	}
}

void membership_remove(uint64_t id, uint32_t number)
{
	remove_pins(id, number, false);
}

void membership_remove_all(uint64_t id, bool detaching)
{
	remove_pins(id, 0, detaching);
	remove_pins(id, 1, detaching);
}

int membership_read_state(int state, struct cgfence_membership_state *read,
			  struct cgfence_error *error)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(state, &zero, read) < 0)
		return kernel_error(error, errno, "read the state of a standing fence");
	return 0;
}

uint32_t membership_room(int members)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(members, &info, &size) < 0 ? 0 : info.max_entries;
}
