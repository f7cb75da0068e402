// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "remains.h"
#include "fence/fence.h"
#include "kernel/maps.h"
#include "kernel/hook.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 30000 /* the kernel frees after grace periods, and from worker threads */
#define POLL_MS 2

/* The kernel numbers its objects in the order in which they are made. */
static struct {
	__u32 program;
	__u32 map;
	__u32 link;
} seen;

static uint32_t tolerated;

void remains_tolerate(uint32_t program)
{
	tolerated = program;
}

static __u32 last_id(int (*next_id)(__u32 from, __u32 *id), __u32 from)
{
	while (next_id(from, &from) == 0)
		;
	return from;
}

void remains_begin(void)
{
	seen.program = last_id(bpf_prog_get_next_id, seen.program);
	seen.map = last_id(bpf_map_get_next_id, seen.map);
	seen.link = last_id(bpf_link_get_next_id, seen.link);
}

static bool is_of(uint64_t cgroup_id, struct cgfence_cgroup *const *cgroups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (cgfence_cgroup_id(cgroups[i]) == cgroup_id)
			return true;
	}
	return false;
}

static uint64_t cgroup_of_program(__u32 id)
{
	cleanup_close int program = bpf_prog_get_fd_by_id(id);
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	cleanup_free struct cgfence_image *image = NULL;

	if (program < 0 || fence_maps_find(program, &maps, NULL) ||
	    fence_maps_read_image(maps.policy, &image, NULL))
		return 0;
	return image->cgroup_id;
}

static uint64_t cgroup_of_map(__u32 id)
{
	cleanup_close int map = bpf_map_get_fd_by_id(id);
	cleanup_free struct cgfence_image *image = NULL;
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0 ||
	    strcmp(info.name, CGFENCE_POLICY_MAP) != 0 || fence_maps_read_image(map, &image, NULL))
		return 0;
	return image->cgroup_id;
}

static uint64_t cgroup_of_link(__u32 id)
{
	cleanup_close int link = bpf_link_get_fd_by_id(id);
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) < 0 ||
	    info.type != BPF_LINK_TYPE_CGROUP)
		return 0;
	return info.cgroup.cgroup_id;
}

/* Objects of others that make fences at the same time do not count. */
static bool find_object(struct cgfence_cgroup *const *cgroups, size_t count,
			char text[REMAINS_TEXT_SIZE])
{
	static const struct {
		const char *name;
		int (*next_id)(__u32 from, __u32 *id);
		uint64_t (*cgroup_of)(__u32 id);
		__u32 *from;
	} kinds[] = {
		{ "program", bpf_prog_get_next_id, cgroup_of_program, &seen.program },
		{ "map", bpf_map_get_next_id, cgroup_of_map, &seen.map },
		{ "link", bpf_link_get_next_id, cgroup_of_link, &seen.link },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (__u32 id = *kinds[i].from; kinds[i].next_id(id, &id) == 0;) {
			if (!is_of(kinds[i].cgroup_of(id), cgroups, count))
				continue;
			snprintf(text, REMAINS_TEXT_SIZE, "%s %u is left", kinds[i].name, id);
			return true;
		}
	}
	return false;
}

/* All that may stay when there is no fence. */
static bool find_pin(char text[REMAINS_TEXT_SIZE])
{
	DIR *directory = opendir(PINS_ROOT);
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "events") == 0 ||
		    strcmp(entry->d_name, "kernel") == 0)
			continue;
		snprintf(text, REMAINS_TEXT_SIZE, "%s is left in " PINS_ROOT, entry->d_name);
		found = true;
	}
	if (directory)
		closedir(directory);
	return found;
}

static unsigned int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

unsigned int remains_host_pins(void)
{
	static const char *const names[] = { "events", "listen", "listen_fences",
					     "listen_bitmaps" };
	unsigned int count = count_entries(PINS_KERNEL);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[PINS_PATH_SIZE];

		snprintf(path, sizeof(path), PINS_ROOT "/%s", names[i]);
		count += access(path, F_OK) == 0;
	}
	return count;
}

static unsigned int count_pins(uint64_t id, const struct hook *hook)
{
	char detaching[PINS_PATH_SIZE];
	char path[PINS_PATH_SIZE];

	pins_path(path, id, hook->name);
	pins_detaching_path(detaching, id, hook->name);
	return (access(path, F_OK) == 0) + (access(detaching, F_OK) == 0);
}

static unsigned int count_untolerated(const __u32 *ids, __u32 count)
{
	unsigned int left = 0;

	for (__u32 i = 0; i < count; i++)
		left += ids[i] != tolerated;
	return left;
}

/* A pinned link may be detached, and be unpinned by the next command. */
static bool find_program(const struct cgfence_cgroup *cgroup, char text[REMAINS_TEXT_SIZE])
{
	for (int i = 0; i < hook_count; i++) {
		unsigned int pins = count_pins(cgfence_cgroup_id(cgroup), &hooks[i]);
		__u32 ids[64];
		__u32 count = 64;

		/* Not every kernel has every hook. */
		if (bpf_prog_query(cgfence_cgroup_fd(cgroup), hooks[i].attach_type, 0, NULL, ids,
				   &count) < 0 ||
		    count_untolerated(ids, count) <= pins)
			continue;
		snprintf(text, REMAINS_TEXT_SIZE,
			 "%u programs are on the %s hook of %s, and %u are pinned", count,
			 hooks[i].name, cgfence_cgroup_path(cgroup), pins);
		return true;
	}
	return false;
}

static void wait_a_little(void)
{
	const struct timespec delay = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&delay, NULL);
}

bool remains_settle(const struct cgfence_cgroup *cgroup, char text[REMAINS_TEXT_SIZE])
{
	for (int waited = 0; find_program(cgroup, text); waited += POLL_MS) {
		if (waited >= PATIENCE_MS)
			return false;
		wait_a_little();
	}
	return true;
}

bool remains_torn(const struct cgfence_cgroup *cgroup)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	char path[PINS_PATH_SIZE];

	pins_detaching_path(path, cgfence_cgroup_id(cgroup), NULL);
	return access(path, F_OK) == 0 ||
	       (fence_read(cgfence_cgroup_id(cgroup), &fence, NULL) == 0 && fence_is_torn(fence));
}

static bool find_remains(struct cgfence_cgroup *const *cgroups, size_t count,
			 char text[REMAINS_TEXT_SIZE])
{
	for (size_t i = 0; i < count; i++) {
		if (find_program(cgroups[i], text))
			return true;
	}
	return find_pin(text) || find_object(cgroups, count, text);
}

bool remains_none(struct cgfence_cgroup *const *cgroups, size_t count, char text[REMAINS_TEXT_SIZE])
{
	for (int waited = 0; find_remains(cgroups, count, text); waited += POLL_MS) {
		if (waited >= PATIENCE_MS)
			return false;
		wait_a_little();
	}
	return true;
}
