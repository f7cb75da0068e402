// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/kill_trace.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/pins.h"
#include "kill.skel.h"

#include <bpf/bpf.h>
#include <cgfence/verdict.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define LINK_PATH PINS_ROOT "/kill"
#define MAP_PATH PINS_ROOT "/kill_fences"

static void cleanup_destroy_skeleton(struct kill_bpf **skeleton)
{
	kill_bpf__destroy(*skeleton);
}

/* Commands on different cgroups share the program, so it has a lock of its own. */
static int lock_program(void)
{
	int fd = open(PINS_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* The link is pinned last: without it the other pins are made anew. */
static int load_program(int *map, struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_destroy_skeleton))) struct kill_bpf *skeleton =
		kill_bpf__open_and_load();
	cleanup_close int link = -1;

	if (!skeleton)
		return kernel_error(error, errno, "load the program that kills listeners");
	link = bpf_raw_tracepoint_open(NULL,
				       bpf_program__fd(skeleton->progs.cgfence_kill_listener));
	if (link < 0)
		return kernel_error(error, errno, "attach the program that kills listeners");
	unlink(MAP_PATH);
	if (bpf_obj_pin(bpf_map__fd(skeleton->maps.cgfence_kill), MAP_PATH) < 0 ||
	    bpf_obj_pin(link, LINK_PATH) < 0)
		return kernel_error(error, errno, "pin the program that kills listeners");
	*map = fcntl(bpf_map__fd(skeleton->maps.cgfence_kill), F_DUPFD_CLOEXEC, 0);
	return *map < 0 ? error_set(error, errno, "out of file descriptors") : 0;
}

static int open_map(int *map, struct cgfence_error *error)
{
	if (access(LINK_PATH, F_OK) < 0)
		return load_program(map, error);
	*map = bpf_obj_get(MAP_PATH);
	return *map < 0 ? kernel_error(error, errno, "open %s", MAP_PATH) : 0;
}

int kill_trace_probe(struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_destroy_skeleton))) struct kill_bpf *skeleton = NULL;

	if (access(LINK_PATH, F_OK) == 0)
		return 0;
	skeleton = kill_bpf__open_and_load();
	return skeleton ? 0 : kernel_error(error, errno, "load the program that kills listeners");
}

static struct cgfence_kill_fence *describe(const struct cgfence_image *image)
{
	struct cgfence_kill_fence *fence = calloc(1, sizeof(*fence));

	if (!fence)
		return NULL;
	fence->netns_any = image->ports.netns_any;
	fence->netns_inum = image->ports.netns_inum;
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		bool every_port = true;

		for (uint32_t port = 1; port < CGFENCE_PORT_WORDS * 64; port++) {
			if (cgfence_port_allowed(image, CGFENCE_TCP, family, port))
				fence->allowed[family][port / 64] |= 1ULL << port % 64;
			else
				every_port = false;
		}
		fence->allowed[family][0] |= every_port;
	}
	return fence;
}

int kill_trace_set(const struct cgfence_image *image, struct cgfence_error *error)
{
	cleanup_free struct cgfence_kill_fence *fence = describe(image);
	cleanup_close int lock = lock_program();
	uint64_t cgroup_id = image->cgroup_id;
	cleanup_close int map = -1;
	int result;

	if (!fence)
		return error_out_of_memory(error);
	result = open_map(&map, error);
	if (result)
		return result;
	if (bpf_map_update_elem(map, &cgroup_id, fence, BPF_ANY) < 0)
		return kernel_error(error, errno,
				    "tell the program that kills listeners of the fence");
	return 0;
}

static int clear_fence(uint64_t cgroup_id, struct cgfence_error *error)
{
	cleanup_close int lock = lock_program();
	cleanup_close int map = bpf_obj_get(MAP_PATH);
	uint64_t next;

	if (map < 0 && errno == ENOENT)
		return 0;
	if (map < 0)
		return kernel_error(error, errno, "open %s", MAP_PATH);
	if (bpf_map_delete_elem(map, &cgroup_id) < 0 && errno != ENOENT)
		return kernel_error(error, errno,
				    "make the program that kills listeners forget the fence");
	if (bpf_map_get_next_key(map, NULL, &next) < 0 && errno == ENOENT) {
		unlink(LINK_PATH);
		unlink(MAP_PATH);
	}
	return 0;
}

int kill_trace_clear(uint64_t cgroup_id, struct cgfence_error *error)
{
	/* Most hosts have no such fence, so their commands do not wait for each other. */
	return access(MAP_PATH, F_OK) == 0 ? clear_fence(cgroup_id, error) : 0;
}

bool kill_trace_wanted(const struct cgfence_image *image)
{
	return image->ports.killed_by_trace && image->enforce;
}

/* The entry of a fence in the program's map; -ENOENT if it has none. */
static int read_fence(uint64_t cgroup_id, struct cgfence_kill_fence *fence,
		      struct cgfence_error *error)
{
	cleanup_close int map = bpf_obj_get(MAP_PATH);

	if (map >= 0 && bpf_map_lookup_elem(map, &cgroup_id, fence) == 0)
		return 0;
	if (errno == ENOENT)
		return -ENOENT;
	return kernel_error(error, errno, "read the fence of the program that kills listeners");
}

int kill_trace_check(const struct cgfence_image *image, bool *right, struct cgfence_error *error)
{
	cleanup_free struct cgfence_kill_fence *wanted = NULL;
	cleanup_free struct cgfence_kill_fence *found = NULL;
	int result = -ENOENT;

	found = calloc(1, sizeof(*found));
	wanted = kill_trace_wanted(image) ? describe(image) : NULL;
	if (!found || (kill_trace_wanted(image) && !wanted))
		return error_out_of_memory(error);
	if (access(MAP_PATH, F_OK) == 0)
		result = read_fence(image->cgroup_id, found, error);
	if (result && result != -ENOENT)
		return result;
	*right = wanted ? result == 0 && memcmp(found, wanted, sizeof(*found)) == 0 : result != 0;
	return 0;
}
