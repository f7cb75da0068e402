// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/hidden.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"
#include "kernel/attached.h"
#include "kernel/link.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <string.h>

/* How all programs of cgfence are called. */
#define NAME_PREFIX "cgfence_"

/* Looking at a link takes some microseconds, and a host has rarely more than some thousands. */
#define LINKS_MAX 100000

/* Opens a program of cgfence, of whatever bpffs, and reads its name. Return: -1 if it is none. */
static int open_of_cgfence(uint32_t program, char name[BPF_OBJ_NAME_LEN])
{
	cleanup_close int fd = bpf_prog_get_fd_by_id(program);
	cleanup_close int policy = -1;
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
	    strncmp(info.name, NAME_PREFIX, strlen(NAME_PREFIX)) != 0 ||
	    fence_maps_find_policy(fd, &policy, NULL))
		return -1;
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return cleanup_steal_descriptor(&fd);
}

bool hidden_is_of_cgfence(uint32_t program)
{
	char name[BPF_OBJ_NAME_LEN];
	cleanup_close int fd = open_of_cgfence(program, name);

	return fd >= 0;
}

/* The kernel lists the programs on all LSM hooks together. */
static bool is_pinned(uint64_t id, enum bpf_attach_type type, uint32_t program)
{
	for (int i = 0; i < hook_count; i++) {
		if (hooks[i].attach_type == type && link_program_id(id, &hooks[i]) == program)
			return true;
	}
	return false;
}

/* Is it of a standing fence, whose anchor the cgroup is? */
static bool is_of_standing(enum bpf_attach_type type, uint32_t program)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;

	if (pins_list(&ids, &count, NULL))
		return false;
	for (size_t i = count; i-- > 0 && ids[i] & CGFENCE_STANDING_ID;) {
		if (is_pinned(ids[i], type, program))
			return true;
	}
	return false;
}

static uint32_t find_on_hook(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     char name[BPF_OBJ_NAME_LEN])
{
	cleanup_attached struct attached attached = { 0 };
	uint64_t id = cgfence_cgroup_id(cgroup);

	if (attached_read(cgfence_cgroup_fd(cgroup), hook, 0, &attached))
		return 0;
	for (uint32_t i = 0; i < attached.count; i++) {
		uint32_t program = attached.programs[i].id;
		cleanup_close int fd = -1;

		if (is_pinned(id, hook->attach_type, program) ||
		    is_of_standing(hook->attach_type, program))
			continue;
		fd = open_of_cgfence(program, name);
		if (fd >= 0)
			return program;
	}
	return 0;
}

uint32_t hidden_find(const struct cgfence_cgroup *cgroup, char name[BPF_OBJ_NAME_LEN])
{
	uint32_t found = 0;

	for (int i = 0; i < hook_count && !found; i++)
		found = find_on_hook(cgroup, &hooks[i], name);
	return found;
}

struct tally {
	uint64_t *pinned; /* the fences that are pinned here, in ascending order */
	size_t pinned_count;
	uint64_t *hidden;
	size_t hidden_count;
	size_t capacity;
};

static void release_tally(struct tally *tally)
{
	free(tally->pinned);
	free(tally->hidden);
}

static int add_to(struct tally *tally, uint64_t id)
{
	uint64_t *larger;

	/* The links of a fence follow one another. */
	if (tally->hidden_count && tally->hidden[tally->hidden_count - 1] == id)
		return 0;
	larger = array_with_room(tally->hidden, tally->hidden_count, &tally->capacity,
				 sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	tally->hidden = larger;
	larger[tally->hidden_count++] = id;
	return 0;
}

static int consider(struct tally *tally, uint32_t link_id)
{
	cleanup_close int fd = bpf_link_get_fd_by_id(link_id);
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	uint64_t id;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
	    info.type != BPF_LINK_TYPE_CGROUP || !info.cgroup.cgroup_id)
		return 0;
	id = info.cgroup.cgroup_id;
	if (tally->pinned_count &&
	    bsearch(&id, tally->pinned, tally->pinned_count, sizeof(id), compare_ids))
		return 0;
	if (!hidden_is_of_cgfence(info.prog_id) ||
	    is_of_standing(info.cgroup.attach_type, info.prog_id))
		return 0;
	return add_to(tally, id);
}

static size_t count_distinct(uint64_t *ids, size_t count)
{
	size_t distinct = 0;

	if (count)
		qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || ids[i] != ids[i - 1];
	return distinct;
}

int cgfence_fence_count_hidden(size_t *count, struct cgfence_error *error)
{
	__attribute__((cleanup(release_tally))) struct tally tally = { 0 };
	uint32_t link_id = 0;
	int result = pins_list(&tally.pinned, &tally.pinned_count, error);

	for (int i = 0;
	     i < LINKS_MAX && result == 0 && bpf_link_get_next_id(link_id, &link_id) == 0; i++)
		result = consider(&tally, link_id);
	if (result)
		return result == -ENOMEM ? error_out_of_memory(error) : result;
	*count = count_distinct(tally.hidden, tally.hidden_count);
	return 0;
}
