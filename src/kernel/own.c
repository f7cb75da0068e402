// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/own.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "kernel/call.h"
#include "kernel/error.h"
#include "kernel/pins.h"
#include "kernel/programs.h"
#include "kernel/trial.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define OWN_PATH PINS_KERNEL "/own"
#define RECORDS_PATH PINS_KERNEL "/records"
#define TRIAL "shared"

/*
 * How many parts each map of records has room for; the next one is made once the one before is full. The kernel clears 16
 * bytes for each when it makes the map.
 */
static const uint32_t rooms[] = { 1024, 8192, 65536 };

#define ROOMS (sizeof(rooms) / sizeof(rooms[0]))

static void records_path(char path[PINS_PATH_SIZE], size_t room)
{
	snprintf(path, PINS_PATH_SIZE, RECORDS_PATH "_%u", rooms[room]);
}

/* What another version pinned may be laid out otherwise. Return: -1 with errno */
static int open_pinned(const char *path, uint32_t value_size)
{
	cleanup_close int map = bpf_obj_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0)
		return -1;
	if (info.value_size != value_size) {
		errno = EPROTO;
		return -1;
	}
	return cleanup_steal_descriptor(&map);
}

static int open_pinned_own(void)
{
	return open_pinned(OWN_PATH, sizeof(struct cgfence_own));
}

static int open_pinned_records(size_t room)
{
	char path[PINS_PATH_SIZE];

	records_path(path, room);
	return open_pinned(path, sizeof(struct cgfence_records_part));
}

/* Pins a new map. Return: 0, or -1 with errno, which is EEXIST if another command did meanwhile. */
static int pin(int map, const char *name, const char *path)
{
	if (map < 0)
		return -1;
	if (!fence_maps_has_name(map, name)) {
		errno = EAGAIN;
		return -1;
	}
	mkdir(PINS_KERNEL, 0700);
	return bpf_obj_pin(map, path);
}

static int open_own(void)
{
	cleanup_close int map = open_pinned_own();

	if (map >= 0 || errno != ENOENT)
		return cleanup_steal_descriptor(&map);
	map = bpf_map_create(BPF_MAP_TYPE_CGROUP_STORAGE, CGFENCE_OWN_MAP, sizeof(uint64_t),
			     sizeof(struct cgfence_own), 0, NULL);
	if (pin(map, CGFENCE_OWN_MAP, OWN_PATH) == 0)
		return cleanup_steal_descriptor(&map);
	return errno == EEXIST ? open_pinned_own() : -1;
}

static int open_records(size_t room)
{
	cleanup_close int map = open_pinned_records(room);
	char path[PINS_PATH_SIZE];

	if (map >= 0 || errno != ENOENT)
		return cleanup_steal_descriptor(&map);
	map = programs_make_own_records(rooms[room]);
	records_path(path, room);
	if (pin(map, CGFENCE_RECORDS_MAP, path) == 0)
		return cleanup_steal_descriptor(&map);
	return errno == EEXIST ? open_pinned_records(room) : -1;
}

static void leave(int map, uint64_t id)
{
	for (uint32_t i = 0; i < CGFENCE_RECORDS_PARTS; i++) {
		const struct cgfence_records_key key = { .fence = id, .part = i };

		bpf_map_delete_elem(map, &key);
	}
}

/* @flags: BPF_ANY for empty records, BPF_NOEXIST to keep those that are there. Return: 0 or -errno. */
static int enter_records(int map, uint64_t id, uint64_t flags)
{
	const struct cgfence_records_part part = { .fence = id };

	for (uint32_t i = 0; i < CGFENCE_RECORDS_PARTS; i++) {
		const struct cgfence_records_key key = { .fence = id, .part = i };

		if (bpf_map_update_elem(map, &key, &part, flags) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Enters it into the first map that has room. Return: that map, or -errno. */
static int enter_any(uint64_t id)
{
	int result = -E2BIG;

	for (size_t i = 0; i < ROOMS && result == -E2BIG; i++) {
		cleanup_close int map = open_records(i);

		if (map < 0)
			return -errno;
		result = enter_records(map, id, BPF_ANY);
		if (result == 0)
			return cleanup_steal_descriptor(&map);
		leave(map, id);
	}
	return result;
}

static int enter(uint64_t id, struct fence_maps *maps)
{
	cleanup_close int own = open_own();
	int records = own < 0 ? -errno : enter_any(id);

	if (records < 0)
		return records;
	cleanup_close_descriptor(&maps->own);
	cleanup_close_descriptor(&maps->records);
	maps->own = cleanup_steal_descriptor(&own);
	maps->records = records;
	return 0;
}

int own_enter(uint64_t id, struct fence_maps *maps, struct cgfence_error *error)
{
	int result = -EINVAL;

	/* An answer that is kept until the next boot must be confirmed. */
	for (int i = 0; i < 2 && result == -EINVAL && trial_recall(TRIAL) != TRIAL_REFUSED; i++)
		result = enter(id, maps);
	if (result == -EINVAL)
		own_refuse();
	return result ? kernel_error(error, -result, "make records for a fence") : 0;
}

void own_refuse(void)
{
	trial_remember(TRIAL, TRIAL_REFUSED);
}

int own_enter_again(uint64_t id, const struct fence_maps *maps, struct cgfence_error *error)
{
	int result = enter_records(maps->records, id, BPF_NOEXIST);

	return result ? kernel_error(error, -result, "make records for a fence") : 0;
}

/* Loads a program that allows all, and has the name and the policy that tell that it is of a fence. */
static int load_first(const struct hook *hook, const struct fence_maps *maps)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = maps->own },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_local_storage },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = hook->type_in_place,
		.expected_attach_type = hook->attach_type,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
	};
	cleanup_close int fd = call_load_program(&attributes, hook->program);

	if (fd < 0 || bpf_prog_bind_map(fd, maps->policy, NULL) < 0)
		return -1;
	return cleanup_steal_descriptor(&fd);
}

static int attach_first(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			const struct fence_maps *maps, struct cgfence_error *error)
{
	cleanup_close int program = load_first(hook, maps);
	cleanup_close int link = -1;

	if (program < 0)
		return kernel_error(error, errno, "load the first %s program", hook->name);
	link = bpf_link_create(program, cgfence_cgroup_fd(cgroup), hook->attach_type, NULL);
	if (link < 0 && (errno == ENOENT || errno == ENODEV))
		return error_set(error, ENOENT, "the cgroup has been removed");
	return link < 0 ? kernel_error(error, errno, "attach the %s program", hook->name) : 0;
}

/*
 * The kernel makes the element when a program that uses the map is attached, and keeps it then. Linux 5.10 counts both as
 * locked memory. libbpf raises the limit of that when it makes a map or a program, and here it may have made none.
 */
static int make_element(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			const struct fence_maps *maps, struct cgfence_error *error)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int result = attach_first(cgroup, hook, maps, error);

	if (result == -EPERM && setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		result = attach_first(cgroup, hook, maps, error);
	return result;
}

int own_begin(const struct cgfence_cgroup *cgroup, const struct hook *hook,
	      const struct fence_maps *maps, const struct cgfence_own *own,
	      struct cgfence_error *error)
{
	int result;

	/* From a fence that was there before, which counted something. */
	if (bpf_map_update_elem(maps->own, &own->fence, own, BPF_ANY) == 0)
		return 0;
	result = errno == ENOENT ? make_element(cgroup, hook, maps, error) : 0;
	if (result)
		return result;
	if (bpf_map_update_elem(maps->own, &own->fence, own, BPF_ANY) < 0)
		return kernel_error(error, errno, "write what is of the fence alone");
	return 0;
}

int own_read(const struct fence_maps *maps, uint64_t id, struct cgfence_own *own,
	     struct cgfence_error *error)
{
	if (bpf_map_lookup_elem(maps->own, &id, own) < 0)
		return kernel_error(error, errno, "read what is of the fence alone");
	return 0;
}

int own_read_set(const struct fence_maps *maps, uint64_t id, uint32_t index,
		 struct cgfence_denial_record ways[CGFENCE_DENIAL_WAYS])
{
	const struct cgfence_records_key key = { .fence = id,
						 .part = index / CGFENCE_RECORDS_PART_SETS };
	struct cgfence_records_part part = { 0 };

	if (bpf_map_lookup_elem_flags(maps->records, &key, &part, BPF_F_LOCK) < 0)
		return -errno;
	memcpy(ways, part.sets[index % CGFENCE_RECORDS_PART_SETS], sizeof(part.sets[0]));
	return 0;
}

void own_leave(uint64_t id)
{
	for (size_t i = 0; i < ROOMS; i++) {
		cleanup_close int map = open_pinned_records(i);

		if (map < 0)
			return;
		leave(map, id);
	}
}

void own_leave_host(void)
{
	char path[PINS_PATH_SIZE];

	/* It goes last, so that it is there as long as another is. */
	if (access(OWN_PATH, F_OK) < 0 || pins_any())
		return;
	for (size_t i = 0; i < ROOMS; i++) {
		records_path(path, i);
		unlink(path);
	}
	unlink(OWN_PATH);
}
