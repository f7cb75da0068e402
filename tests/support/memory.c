// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/memory.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

size_t memory_of_object(int fd)
{
	size_t bytes = 0;
	char line[256];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "memlock: %zu", &bytes);
	if (file)
		fclose(file);
	return bytes;
}

static int add_map(struct memory *memory, uint32_t id)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int code;
	int fd;

	for (size_t i = 0; i < memory->map_count; i++) {
		if (memory->maps[i] == id)
			return 0;
	}
	if (memory->map_count == MEMORY_MAPS_MAX)
		return -E2BIG;
	memory->maps[memory->map_count++] = id;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	code = bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? -errno : 0;
	if (strcmp(info.name, CGFENCE_EVENTS_MAP) != 0 && strcmp(info.name, CGFENCE_STATE_MAP) != 0)
		memory->bytes += memory_of_object(fd);
	if (strcmp(info.name, CGFENCE_POLICY_MAP) == 0)
		memory->policy_map = id;
	close(fd);
	return code;
}

static int add_program(struct memory *memory, uint32_t id)
{
	uint32_t maps[MEMORY_MAPS_MAX] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MEMORY_MAPS_MAX, .map_ids = (uintptr_t)maps };
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	int code;

	if (fd < 0)
		return -errno;
	code = bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? -errno : 0;
	memory->bytes += memory_of_object(fd) + info.jited_prog_len;
	close(fd);
	for (uint32_t i = 0; code == 0 && i < info.nr_map_ids && i < MEMORY_MAPS_MAX; i++)
		code = add_map(memory, maps[i]);
	return code;
}

/* Not all pins are of links. */
static bool is_link(int fd)
{
	char target[64] = "";
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "link");
}

static int add_pin(struct memory *memory, const char *path)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_obj_get(path);
	int code = 0;

	if (fd < 0)
		return -errno;
	/* A map has no such fields; its programs lead to it. */
	if (is_link(fd) && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.prog_id)
		code = add_program(memory, info.prog_id);
	close(fd);
	return code;
}

int memory_of_pins(uint64_t id, struct memory *memory)
{
	struct memory sum = { 0 };
	struct dirent *entry;
	char path[512];
	int code = 0;
	DIR *pins;

	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%ju", (uintmax_t)id);
	pins = opendir(path);
	if (!pins)
		return -errno;
	while (code == 0 && (entry = readdir(pins))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd(pins), entry->d_name);
		if (entry->d_name[0] != '.')
			code = add_pin(&sum, path);
	}
	closedir(pins);
	if (code == 0)
		*memory = sum;
	return code;
}

int memory_of_fence(const struct cgfence_cgroup *cgroup, struct memory *memory)
{
	return memory_of_pins(cgfence_cgroup_id(cgroup), memory);
}
