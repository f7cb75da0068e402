// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "memory.h"
#include "probe.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAPS_MAX 64

struct sum {
	struct bench *bench;
	double bytes;
	uint32_t maps[MAPS_MAX]; /* that were counted already */
	size_t map_count;
};

static double memlock(struct bench *bench, int fd)
{
	char path[64];
	char line[256];
	double bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		bench_fail(bench, "cannot read %s", path);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "memlock:", 8) == 0)
			bytes = strtod(line + 8, NULL);
	}
	fclose(file);
	return bytes;
}

static void add_map(struct sum *sum, uint32_t id)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd;

	for (size_t i = 0; i < sum->map_count; i++) {
		if (sum->maps[i] == id)
			return;
	}
	if (sum->map_count < MAPS_MAX)
		sum->maps[sum->map_count++] = id;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		bench_fail(sum->bench, "cannot open map %u", id);
	if (strcmp(info.name, CGFENCE_EVENTS_MAP) != 0)
		sum->bytes += memlock(sum->bench, fd);
	close(fd);
}

static void add_program(struct sum *sum, uint32_t id)
{
	uint32_t maps[MAPS_MAX] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)maps };
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		bench_fail(sum->bench, "cannot open program %u", id);
	sum->bytes += memlock(sum->bench, fd) + info.jited_prog_len;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		add_map(sum, maps[i]);
	close(fd);
}

static void open_pins(const struct cgfence_cgroup *cgroup, char path[128])
{
	snprintf(path, 128, "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(cgroup));
}

double memory_of_fence(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	struct sum sum = { .bench = bench };
	char directory[128];
	char path[512];
	struct dirent *entry;
	DIR *pins;

	open_pins(cgroup, directory);
	pins = opendir(directory);
	if (!pins)
		bench_fail(bench, "there is no fence to weigh");
	while ((entry = readdir(pins))) {
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd;

		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		fd = entry->d_name[0] == '.' ? -1 : bpf_obj_get(path);
		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			add_program(&sum, info.prog_id);
		close(fd);
	}
	closedir(pins);
	return sum.bytes;
}

bool memory_has_lsm_guard(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	bool guarded = false;

	if (cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, NULL) == 0)
		guarded = cgfence_fence_listen_guard(fence) == CGFENCE_GUARD_DENY;
	cgfence_fence_close(fence);
	return guarded;
}

uint32_t memory_policy_map(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	uint32_t maps[MAPS_MAX] = { 0 };
	struct bpf_prog_info program = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)maps };
	uint32_t size = sizeof(program);
	int fd = probe_program(cgroup, BPF_CGROUP_DEVICE);
	uint32_t found = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &program, &size) < 0)
		bench_fail(bench, "cannot open the program of a fence");
	close(fd);
	for (uint32_t i = 0; i < program.nr_map_ids && i < MAPS_MAX && !found; i++) {
		struct bpf_map_info info = { 0 };

		fd = bpf_map_get_fd_by_id(maps[i]);
		size = sizeof(info);
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    strcmp(info.name, CGFENCE_POLICY_MAP) == 0)
			found = maps[i];
		close(fd);
	}
	return found;
}
