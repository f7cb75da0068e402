// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/member_programs.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/maps.h"
#include "kernel/quiet.h"
#include "kernel/sections.h"
#include "members.skel.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#define DIRECTORY MEMBER_PROGRAMS_DIRECTORY

/*
 * In the order in which they are pinned: with the last one, all are there. The programs start as the links are made: a
 * cgroup that comes and goes between the two finds no fence yet.
 */
enum {
	PIN_STATE,
	PIN_ANCHORS,
	PIN_MEMBERS,
	PIN_GLOBS,
	PIN_GONE,
	PIN_LOST,
	PIN_RMDIR,
	PIN_MKDIR,
	PIN_COUNT
};

static const char *const paths[PIN_COUNT] = {
	[PIN_STATE] = DIRECTORY "/state",     [PIN_ANCHORS] = DIRECTORY "/anchors",
	[PIN_MEMBERS] = DIRECTORY "/members", [PIN_GLOBS] = DIRECTORY "/globs",
	[PIN_GONE] = DIRECTORY "/gone",	      [PIN_LOST] = DIRECTORY "/lost",
	[PIN_RMDIR] = DIRECTORY "/rmdir",     [PIN_MKDIR] = DIRECTORY "/mkdir",
};

static void cleanup_destroy_skeleton(struct members_bpf **skeleton)
{
	members_bpf__destroy(*skeleton);
}

#define cleanup_skeleton __attribute__((cleanup(cleanup_destroy_skeleton)))

void member_programs_close(struct member_programs *programs)
{
	cleanup_close_descriptor(&programs->state);
	cleanup_close_descriptor(&programs->anchors);
	cleanup_close_descriptor(&programs->members);
	cleanup_close_descriptor(&programs->globs);
	cleanup_close_descriptor(&programs->gone);
	cleanup_close_descriptor(&programs->lost);
	*programs = (struct member_programs)MEMBER_PROGRAMS_CLOSED;
}

/* The program of such a link is attached as long as there is the link. Return: 0 or -errno. */
static int check_link(const char *path)
{
	cleanup_close int link = bpf_obj_get(path);
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) < 0)
		return -errno;
	return info.type == BPF_LINK_TYPE_RAW_TRACEPOINT ? 0 : -ENOENT;
}

static int open_map(int pin, int *map)
{
	*map = bpf_obj_get(paths[pin]);
	return *map < 0 ? -errno : 0;
}

static int open_all(struct member_programs *found)
{
	int result = check_link(paths[PIN_MKDIR]);

	if (result == 0)
		result = check_link(paths[PIN_RMDIR]);
	if (result == 0)
		result = open_map(PIN_STATE, &found->state);
	if (result == 0)
		result = open_map(PIN_ANCHORS, &found->anchors);
	if (result == 0)
		result = open_map(PIN_MEMBERS, &found->members);
	if (result == 0)
		result = open_map(PIN_GLOBS, &found->globs);
	if (result == 0)
		result = open_map(PIN_GONE, &found->gone);
	return result ? result : open_map(PIN_LOST, &found->lost);
}

int member_programs_open(struct member_programs *programs, struct cgfence_error *error)
{
	cleanup_member_programs struct member_programs found = MEMBER_PROGRAMS_CLOSED;
	int result = open_all(&found);

	if (result == -ENOENT)
		return error_set(error, ENOENT, "the programs that see cgroups made are missing");
	if (result)
		return kernel_error(error, -result, "open the programs that see cgroups made");
	*programs = found;
	found = (struct member_programs)MEMBER_PROGRAMS_CLOSED;
	return 0;
}

static void remove_pins(void)
{
	for (int i = PIN_COUNT; i-- > 0;)
		unlink(paths[i]);
	rmdir(DIRECTORY);
}

static struct members_bpf *load(void)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	cleanup_skeleton struct members_bpf *skeleton = members_bpf__open_opts(&options);
	int result;

	if (!skeleton)
		return NULL;
	result = sections_prepare(skeleton->obj);
	if (result == 0)
		result = members_bpf__load(skeleton);
	/* The programs of fences are found again by the names of these maps. */
	if (result == 0 &&
	    (!fence_maps_has_name(bpf_map__fd(skeleton->maps.cgfence_state), CGFENCE_STATE_MAP) ||
	     !fence_maps_has_name(bpf_map__fd(skeleton->maps.cgfence_lost), CGFENCE_LOST_MAP)))
		result = -EAGAIN;
	errno = -result;
	return result ? NULL : cleanup_steal(skeleton);
}

static int pin_link(const struct bpf_program *program, int pin)
{
	cleanup_close int link = bpf_raw_tracepoint_open(NULL, bpf_program__fd(program));

	return link < 0 || bpf_obj_pin(link, paths[pin]) < 0 ? -errno : 0;
}

static int pin_map(const struct bpf_map *map, int pin)
{
	return bpf_obj_pin(bpf_map__fd(map), paths[pin]) < 0 ? -errno : 0;
}

static int pin(const struct members_bpf *skeleton)
{
	int result = mkdir(DIRECTORY, 0700) < 0 && errno != EEXIST ? -errno : 0;

	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_state, PIN_STATE);
	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_anchors, PIN_ANCHORS);
	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_member_m, PIN_MEMBERS);
	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_globs, PIN_GLOBS);
	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_gone, PIN_GONE);
	if (result == 0)
		result = pin_map(skeleton->maps.cgfence_lost, PIN_LOST);
	if (result == 0)
		result = pin_link(skeleton->progs.cgfence_rmdir, PIN_RMDIR);
	return result ? result : pin_link(skeleton->progs.cgfence_mkdir, PIN_MKDIR);
}

/*
 * If any pin is missing, all are made anew: fences that were known to the old ones have missed members, which is seen by
 * their having another map.
 */
int member_programs_make(struct member_programs *programs, struct cgfence_error *error)
{
	cleanup_skeleton struct members_bpf *skeleton = NULL;
	int result = member_programs_open(programs, error);

	if (result != -ENOENT)
		return result;
	skeleton = load();
	if (!skeleton)
		return kernel_error(error, errno, "load the programs that see cgroups made");
	remove_pins();
	result = pin(skeleton);
	if (result) {
		remove_pins();
		return kernel_error(error, -result, "attach the programs that see cgroups made");
	}
	return member_programs_open(programs, error);
}

void member_programs_leave(void)
{
	cleanup_close int lock = -1;

	if (access(DIRECTORY, F_OK) < 0 || pins_any_standing())
		return;
	lock = pins_lock_shared();
	/* A fence has a directory before it waits for the lock. */
	if (lock >= 0 && !pins_any_standing())
		remove_pins();
}
