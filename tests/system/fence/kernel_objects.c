// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel_objects.h"

#include <bpf/bpf.h>
#include <cgfence/abi.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "cgfence_"
#define PROGRAM_MAPS_MAX 16
#define SETTLE_STEPS 600
#define SETTLE_STEP_US 100000

/* Ids of kernel objects, each once. */
struct ids {
	uint32_t *items;
	size_t count;
};

static bool ids_contain(const struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->items[i] == id)
			return true;
	}
	return false;
}

static void ids_add(struct ids *ids, uint32_t id)
{
	if (ids_contain(ids, id))
		return;
	ids->items = reallocarray(ids->items, ids->count + 1, sizeof(*ids->items));
	if (!ids->items)
		abort();
	ids->items[ids->count++] = id;
}

/* Return: false if it is gone by now. */
static bool get_map(uint32_t id, int *fd, struct bpf_map_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	*fd = bpf_map_get_fd_by_id(id);
	if (*fd >= 0 && bpf_obj_get_info_by_fd(*fd, info, &size) == 0)
		return true;
	if (*fd >= 0)
		close(*fd);
	return false;
}

static bool get_program(uint32_t id, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool found = fd >= 0 && bpf_obj_get_info_by_fd(fd, info, &size) == 0;

	if (fd >= 0)
		close(fd);
	return found;
}

static bool get_link(uint32_t id, struct bpf_link_info *info)
{
	uint32_t size = sizeof(*info);
	int fd = bpf_link_get_fd_by_id(id);
	bool found;

	memset(info, 0, sizeof(*info));
	found = fd >= 0 && bpf_obj_get_info_by_fd(fd, info, &size) == 0;
	if (fd >= 0)
		close(fd);
	return found;
}

static bool is_policy(const struct bpf_map_info *info)
{
	return strcmp(info->name, CGFENCE_POLICY_MAP) == 0 &&
	       info->value_size >= sizeof(struct cgfence_image);
}

static bool is_policy_of(int fd, const struct bpf_map_info *info, uint64_t cgroup_id)
{
	struct cgfence_image *image;
	uint32_t zero = 0;
	bool found;

	if (!is_policy(info))
		return false;
	/* The kernel copies values out in whole words. */
	image = calloc(1, info->value_size + sizeof(uint64_t));
	found = image && bpf_map_lookup_elem(fd, &zero, image) == 0 &&
		image->cgroup_id == cgroup_id;
	free(image);
	return found;
}

static void find_policies(uint64_t cgroup_id, struct ids *policies)
{
	uint32_t id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info;
		int fd;

		if (!get_map(id, &fd, &info))
			continue;
		if (is_policy_of(fd, &info, cgroup_id))
			ids_add(policies, id);
		close(fd);
	}
}

/* The programs that use one of the policies, and their other maps. */
static unsigned int find_programs(const struct ids *policies, struct ids *others)
{
	unsigned int count = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		uint32_t maps[PROGRAM_MAPS_MAX] = { 0 };
		struct bpf_prog_info info = { .nr_map_ids = PROGRAM_MAPS_MAX,
					      .map_ids = (uintptr_t)maps };
		bool ours = false;

		if (!get_program(id, &info))
			continue;
		for (uint32_t i = 0; i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++)
			ours = ours || ids_contain(policies, maps[i]);
		count += ours;
		for (uint32_t i = 0; ours && i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++) {
			if (!ids_contain(policies, maps[i]))
				ids_add(others, maps[i]);
		}
	}
	return count;
}

static unsigned int count_links(uint64_t cgroup_id)
{
	unsigned int count = 0;
	uint32_t id = 0;

	while (bpf_link_get_next_id(id, &id) == 0) {
		struct bpf_link_info info;

		if (get_link(id, &info) && info.type == BPF_LINK_TYPE_CGROUP &&
		    info.cgroup.cgroup_id == cgroup_id)
			count++;
	}
	return count;
}

struct kernel_objects kernel_objects_of(uint64_t cgroup_id)
{
	struct kernel_objects found = { .links = count_links(cgroup_id) };
	struct ids policies = { 0 };
	struct ids others = { 0 };

	find_policies(cgroup_id, &policies);
	found.programs = find_programs(&policies, &others);
	found.policies = (unsigned int)policies.count;
	found.maps = (unsigned int)others.count;
	free(policies.items);
	free(others.items);
	return found;
}

static bool is_named(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

struct kernel_objects kernel_objects_named(void)
{
	struct kernel_objects found = { 0 };
	uint32_t id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info;
		int fd;

		if (!get_map(id, &fd, &info))
			continue;
		close(fd);
		found.policies += is_policy(&info);
		found.maps += is_named(info.name) && !is_policy(&info);
	}
	for (id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
		struct bpf_prog_info info = { 0 };

		found.programs += get_program(id, &info) && is_named(info.name);
	}
	for (id = 0; bpf_link_get_next_id(id, &id) == 0;) {
		struct bpf_link_info link;
		struct bpf_prog_info info = { 0 };

		found.links += get_link(id, &link) && get_program(link.prog_id, &info) &&
			       is_named(info.name);
	}
	return found;
}

struct kernel_objects kernel_objects_settle(uint64_t cgroup_id)
{
	struct kernel_objects found = kernel_objects_of(cgroup_id);

	for (int i = 0; i < SETTLE_STEPS; i++) {
		if (found.programs == found.links && found.policies == !!found.links)
			break;
		usleep(SETTLE_STEP_US);
		found = kernel_objects_of(cgroup_id);
	}
	return found;
}

unsigned int kernel_objects_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}
