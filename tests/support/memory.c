// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/memory.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
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

/* An element for the storage of the cgroup, which fits into 512 bytes with what the kernel adds, and a page for each part. */
#define OWN_BYTES (512 + CGFENCE_RECORDS_PARTS * 4096)

/* Of the host, to be counted once. */
static bool is_of_host(const char *map)
{
	static const char *const names[] = { CGFENCE_EVENTS_MAP, CGFENCE_STATE_MAP,
					     CGFENCE_LOST_MAP, CGFENCE_OWN_MAP,
					     CGFENCE_RECORDS_MAP };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(map, names[i]) == 0)
			return true;
	}
	return false;
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
	if (!is_of_host(info.name))
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
	int code;
	int fd;

	for (size_t i = 0; i < memory->program_count; i++) {
		if (memory->programs[i] == id)
			return 0;
	}
	if (memory->program_count == MEMORY_MAPS_MAX)
		return -E2BIG;
	memory->programs[memory->program_count++] = id;
	fd = bpf_prog_get_fd_by_id(id);
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

static bool has_own(const struct memory *memory)
{
	bool found = false;

	for (size_t i = 0; i < memory->map_count && !found; i++) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(memory->maps[i]);

		found = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
			strcmp(info.name, CGFENCE_OWN_MAP) == 0;
		if (fd >= 0)
			close(fd);
	}
	return found;
}

static int add_pins(uint64_t id, struct memory *sum)
{
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
		/* A symbolic link leads to the policy that it shares, not to an object of its own. */
		if (entry->d_name[0] != '.' && entry->d_type != DT_LNK)
			code = add_pin(sum, path);
	}
	closedir(pins);
	if (code == 0 && has_own(sum))
		sum->bytes += OWN_BYTES;
	return code;
}

int memory_of_pins(uint64_t id, struct memory *memory)
{
	struct memory sum = { 0 };
	int code = add_pins(id, &sum);

	if (code == 0)
		*memory = sum;
	return code;
}

int memory_of_sharer(uint64_t id, uint64_t other, size_t *bytes)
{
	struct memory sum = { 0 };
	int code = add_pins(other, &sum);
	size_t before = sum.bytes;

	if (code == 0)
		code = add_pins(id, &sum);
	if (code == 0)
		*bytes = sum.bytes - before;
	return code;
}

int memory_of_fence(const struct cgfence_cgroup *cgroup, struct memory *memory)
{
	return memory_of_pins(cgfence_cgroup_id(cgroup), memory);
}
