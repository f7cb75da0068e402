// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/programs.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "image/image.h"
#include "kernel/call.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/policy_place.h"
#include "kernel/program_code.h"
#include "kernel/quiet.h"
#include "kernel/sections.h"
#include "own_records.skel.h"
#include "records.skel.h"
#include "standing_records.skel.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>

/*
 * Only the pages that are written take memory. The verifier of 5.10 logs its every step, and with too little room it
 * answers ENOSPC and its finding is lost.
 */
#define LOG_SIZE (8 * 1024 * 1024)

static void cleanup_unmap_log(char **log)
{
	if (*log != MAP_FAILED)
		munmap(*log, LOG_SIZE);
}

static void cleanup_close_object(struct bpf_object **object)
{
	bpf_object__close(*object);
}

static int reuse_maps(struct bpf_object *object, struct fence_maps *maps)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		const int *fd = fence_maps_slot(maps, bpf_map__name(map));
		int result = fd && *fd >= 0 ? bpf_map__reuse_fd(map, *fd) : 0;

		if (result)
			return result;
	}
	return 0;
}

/* Keeps the maps that the object made where the caller had none. */
static int keep_maps(struct bpf_object *object, struct fence_maps *maps)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int *fd = fence_maps_slot(maps, bpf_map__name(map));

		/* One that was not created has a descriptor of something else from libbpf 1.4 on (create_placeholder_fd). */
		if (!fd || *fd >= 0 || !bpf_map__autocreate(map))
			continue;
		*fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (*fd < 0)
			return -errno;
	}
	return 0;
}

/* Of the object only the program of the hook is loaded. Return: NULL if it is not there. */
static struct bpf_program *choose_program(struct bpf_object *object, const struct hook *hook)
{
	struct bpf_program *wanted = bpf_object__find_program_by_name(object, hook->program);
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, program == wanted);
	/* libbpf does not know the sections of such programs. */
	if (wanted && hook->type_in_place) {
		bpf_program__set_type(wanted, hook->type_in_place);
		bpf_program__set_expected_attach_type(wanted, hook->attach_type);
	}
	return wanted;
}

/* Copies the object of a hook, with the policy in place. Return: NULL if out of memory. */
static void *copy_object(const struct hook *hook, const struct cgfence_image *image, int policy,
			 size_t *size)
{
	const void *bytes = hook_object(hook, image, size);
	void *copy = malloc(*size);

	if (copy) {
		memcpy(copy, bytes, *size);
		policy_place_put(copy, *size, image, policy);
	}
	return copy;
}

/*
 * Makes the maps that are wanted, without asking first what the kernel is like. One that is refused is left to libbpf,
 * which takes want of descriptors for a kernel that cannot do it. Return: 0, or -errno for want of descriptors or memory.
 */
static int make_at_once(struct bpf_object *object, struct fence_maps *maps)
{
	cleanup_close int types = call_load_types(bpf_object__btf(object));
	int code = types < 0 ? errno : 0;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int *fd = fence_maps_slot(maps, bpf_map__name(map));

		if (types < 0 || !fd || *fd >= 0 || !bpf_map__autocreate(map))
			continue;
		*fd = call_create_described(map, types);
		if (*fd < 0)
			code = errno;
	}
	return error_is_shortage(code) ? -code : 0;
}

/* Return: whether one of the maps that have these names is not open yet. */
static bool one_is_missing(struct fence_maps *maps, const char *const names[])
{
	for (size_t i = 0; names[i]; i++) {
		if (*fence_maps_slot(maps, names[i]) < 0)
			return true;
	}
	return false;
}

/* Makes those of the maps that have these names and are not open yet. */
static int make_maps(struct fence_maps *maps, bool standing, const char *const names[],
		     struct cgfence_error *error)
{
	QUIET_LIBBPF;
	__attribute__((cleanup(cleanup_close_object))) struct bpf_object *object = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "records");
	const void *bytes;
	struct bpf_map *map;
	size_t size;
	int result;

	if (!one_is_missing(maps, names))
		return 0;
	bytes = (standing ? standing_records_bpf__elf_bytes : records_bpf__elf_bytes)(&size);
	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return kernel_error(error, errno, "open the maps of records");
	bpf_object__for_each_map(map, object) bpf_map__set_autocreate(map, false);
	for (size_t i = 0; names[i]; i++)
		bpf_map__set_autocreate(bpf_object__find_map_by_name(object, names[i]), true);
	result = make_at_once(object, maps);
	if (!one_is_missing(maps, names))
		return 0;
	if (result == 0)
		result = reuse_maps(object, maps);
	if (result == 0)
		result = bpf_object__load(object);
	if (result)
		return kernel_error(error, -result, "make the maps of records");
	result = keep_maps(object, maps);
	return result ? error_set(error, -result, "out of file descriptors") : 0;
}

int programs_make_records(struct fence_maps *maps, bool standing, struct cgfence_error *error)
{
	static const char *const names[] = { CGFENCE_COUNTERS_MAP, CGFENCE_DENIALS_MAP,
					     CGFENCE_ASKED_MAP, NULL };

	return make_maps(maps, standing, names, error);
}

int programs_make_asked(struct fence_maps *maps, struct cgfence_error *error)
{
	static const char *const names[] = { CGFENCE_ASKED_MAP, NULL };

	if (maps->asked < 0)
		maps->asked = call_create_socket_storage(CGFENCE_ASKED_MAP);
	return make_maps(maps, false, names, error);
}

int programs_make_own_records(uint32_t room)
{
	QUIET_LIBBPF;
	__attribute__((cleanup(cleanup_close_object))) struct bpf_object *object = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "records");
	size_t size;
	const void *bytes = own_records_bpf__elf_bytes(&size);
	struct bpf_map *map;
	int result;

	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return -1;
	bpf_map__set_autocreate(bpf_object__find_map_by_name(object, CGFENCE_OWN_MAP), false);
	map = bpf_object__find_map_by_name(object, CGFENCE_RECORDS_MAP);
	bpf_map__set_max_entries(map, room);
	result = bpf_object__load(object);
	if (result == 0)
		return fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
	errno = -result;
	return -1;
}

/* The verifier's last words before its statistics. */
static const char *last_log_line(char *log)
{
	char *last = log;
	char *save = NULL;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "processed ", 10) != 0)
			last = line;
	}
	return last;
}

/* By libbpf. Return: a descriptor, or -errno. */
static int load_from_object(const struct hook *hook, const struct cgfence_image *image,
			    struct fence_maps *maps, struct cgfence_error *error)
{
	QUIET_LIBBPF;
	__attribute__((cleanup(cleanup_close_object))) struct bpf_object *object = NULL;
	/* Not from malloc(3), which would clear all of it each time. */
	__attribute__((cleanup(cleanup_unmap_log))) char *log =
		mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = hook->reads_kernel ? kernel_btf_open(types) : -1;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = hook->object,
		    .kernel_log_buf = log, .kernel_log_size = LOG_SIZE,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	size_t size;
	cleanup_free void *bytes = copy_object(hook, image, maps->policy, &size);
	const struct bpf_program *program;
	int result;

	if (log == MAP_FAILED || !bytes)
		return error_out_of_memory(error);
	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return kernel_error(error, errno, "open the %s programs", hook->object);
	program = choose_program(object, hook);
	result = reuse_maps(object, maps);
	if (result == 0)
		result = sections_prepare(object);
	if (result == 0)
		result = bpf_object__load(object);
	if (result) {
		kernel_error(error, -result, "load the %s programs", hook->object);
		if (*log)
			error_wrap(error, "the verifier says '%s'", last_log_line(log));
		return result;
	}
	result = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
	return result < 0 ? error_set(error, errno, "out of file descriptors") : result;
}

int programs_load(unsigned int wanted, const struct cgfence_image *image, struct fence_maps *maps,
		  int programs[HOOKS_MAX], int *refused, struct cgfence_error *error)
{
	*refused = -1;
	program_code_load(wanted, image, maps, programs);
	for (int i = 0; i < hook_count; i++) {
		int result;

		if (!(wanted & HOOK_BIT(i)) || programs[i] >= 0)
			continue;
		result = load_from_object(&hooks[i], image, maps, error);
		if (result < 0) {
			*refused = i;
			return result;
		}
		programs[i] = result;
	}
	return 0;
}
