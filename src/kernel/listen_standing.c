// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/listen_standing.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "image/image.h"
#include "kernel/error.h"

#include <bpf/bpf.h>

/* Finds the place of a fence, or that of none for the id 0. Return: the index or -errno, -ENOENT if there is none. */
static int find_place(int map, uint64_t id)
{
	for (uint32_t i = 0; i < CGFENCE_TRACED_STANDING; i++) {
		struct cgfence_traced_standing standing;

		if (bpf_map_lookup_elem(map, &i, &standing) < 0)
			return -errno;
		if (standing.id == id)
			return (int)i;
	}
	return -ENOENT;
}

int listen_standing_set(const struct cgfence_image *image, int members, struct cgfence_error *error)
{
	const struct cgfence_traced_standing standing = {
		.id = image_fence_id(image),
		.member_level = image_standing(image)->member_level,
	};
	cleanup_close int fences = bpf_obj_get(LISTEN_STANDING_PATH);
	cleanup_close int maps = bpf_obj_get(LISTEN_MEMBERS_PATH);
	uint32_t index;
	int place;

	if (fences < 0 || maps < 0)
		return kernel_error(error, errno, "open the maps in " PINS_ROOT);
	place = find_place(fences, standing.id);
	if (place == -ENOENT)
		place = find_place(fences, 0);
	if (place == -ENOENT)
		return error_set(error, E2BIG, "there are %d standing fences of ports already",
				 CGFENCE_TRACED_STANDING);
	if (place < 0)
		return kernel_error(error, -place, "read " LISTEN_STANDING_PATH);
	index = (uint32_t)place;
	if (bpf_map_update_elem(maps, &index, &members, BPF_ANY) < 0 ||
	    bpf_map_update_elem(fences, &index, &standing, BPF_ANY) < 0)
		return kernel_error(error, errno,
				    "tell the program that sees who listens of the members");
	return 0;
}

bool listen_standing_is_set(const struct cgfence_image *image, int members)
{
	cleanup_close int fences = bpf_obj_get(LISTEN_STANDING_PATH);
	cleanup_close int maps = bpf_obj_get(LISTEN_MEMBERS_PATH);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t known = 0;
	uint32_t index;
	int place;

	if (fences < 0 || maps < 0)
		return false;
	place = find_place(fences, image_fence_id(image));
	index = (uint32_t)place;
	return place >= 0 && bpf_map_lookup_elem(maps, &index, &known) == 0 &&
	       bpf_obj_get_info_by_fd(members, &info, &size) == 0 && info.id == known;
}

void listen_standing_clear(uint64_t id)
{
	const struct cgfence_traced_standing none = { 0 };
	cleanup_close int fences = bpf_obj_get(LISTEN_STANDING_PATH);
	cleanup_close int maps = bpf_obj_get(LISTEN_MEMBERS_PATH);
	int place = fences < 0 ? -1 : find_place(fences, id);
	uint32_t index = (uint32_t)place;

	if (place < 0)
		return;
	bpf_map_update_elem(fences, &index, &none, BPF_ANY);
	if (maps >= 0)
		bpf_map_delete_elem(maps, &index);
}
