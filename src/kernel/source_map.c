// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/source_map.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/call.h"
#include "kernel/error.h"

#include <bpf/bpf.h>
#include <string.h>

/* The kernel takes values as large as this in one piece of memory, which it may not have of a larger size. */
#define ELEMENT_MAX 16384U

static uint32_t round_up(uint32_t size)
{
	return (size + 7) / 8 * 8;
}

static int fill(int map, const char *text, uint32_t size, uint32_t count)
{
	cleanup_free char *value = calloc(1, size);
	size_t length = strlen(text);

	if (!value)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		size_t left = length - (size_t)i * size;
		size_t used = left < size ? left : size;

		memset(value, 0, size);
		memcpy(value, text + (size_t)i * size, used);
		if (bpf_map_update_elem(map, &i, value, BPF_ANY) < 0)
			return -errno;
	}
	return bpf_map_freeze(map) < 0 ? -errno : 0;
}

int source_map_create(const char *text, int *fd, struct cgfence_error *error)
{
	size_t length = strlen(text);
	uint32_t size = length < ELEMENT_MAX ? round_up((uint32_t)length + 1) : ELEMENT_MAX;
	uint32_t count = (uint32_t)(length / size) + 1;
	cleanup_close int map = call_create_map(BPF_MAP_TYPE_ARRAY, CGFENCE_SOURCE_MAP, size, count,
						BPF_F_RDONLY_PROG);
	int result = map < 0 ? -errno : fill(map, text, size, count);

	if (result)
		return kernel_error(error, -result, "make the map of the policy as it was written");
	*fd = cleanup_steal_descriptor(&map);
	return 0;
}

int source_map_open(uint32_t id, int *fd, struct cgfence_error *error)
{
	int map = bpf_map_get_fd_by_id(id);

	if (map < 0 && errno == ENOENT)
		return error_set(error, EAGAIN,
				 "the policy was replaced while it was read; try again");
	if (map < 0)
		return kernel_error(error, errno, "open the policy as it was written");
	*fd = map;
	return 0;
}

int source_map_read(uint32_t id, char **text, struct cgfence_error *error)
{
	struct bpf_map_info info = { 0 };
	uint32_t info_size = sizeof(info);
	cleanup_free char *read = NULL;
	cleanup_close int fd = -1;
	int result = source_map_open(id, &fd, error);

	if (result)
		return result;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_size) < 0)
		return kernel_error(error, errno,
				    "look at the map of the policy as it was written");
	/* The kernel copies values out in whole words. */
	read = calloc(info.max_entries + 1, round_up(info.value_size));
	if (!read)
		return error_out_of_memory(error);
	for (uint32_t i = 0; i < info.max_entries; i++) {
		if (bpf_map_lookup_elem(fd, &i, read + (size_t)i * info.value_size) < 0)
			return kernel_error(error, errno, "read the policy as it was written");
	}
	*text = cleanup_steal(read);
	return 0;
}

int source_map_bind(int fd, int program, struct cgfence_error *error)
{
	return bpf_prog_bind_map(program, fd, NULL) < 0
		       ? kernel_error(error, errno,
				      "bind the policy as it was written to a program")
		       : 0;
}
