// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching: everything that can fail for want of memory, rights or kernel features comes before the first link is
 * touched. Then new links are made, present ones are switched to the new programs, and those that the new policy has
 * no use for go last, so that a death on the way leaves a fence that enforces no less than the old one.
 */
#include "cgroup.h"
#include "error.h"
#include "fence_sweep.h"
#include "foreign.h"
#include "image.h"
#include "kernel_error.h"
#include "link.h"
#include "pins.h"
#include "task_layout.h"

#include <bpf/bpf.h>
#include <string.h>

/* What is attached now, and what shall be. */
struct change {
	const struct cgfence_cgroup *cgroup;
	const struct cgfence_policy *policy;
	unsigned int flags;

	struct link links[HOOK_COUNT]; /* fd -1 where there is none */
	struct fence_maps maps;
	struct cgfence_image *old_image;   /* NULL if there is none that this version can read */
	struct cgfence_policy *old_policy; /* of old_image */

	struct cgfence_image *image;
	int programs[HOOK_COUNT]; /* -1 where the policy wants none */
};

static void change_release(struct change *change)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		link_close(&change->links[i]);
		cleanup_close_descriptor(&change->programs[i]);
	}
	fence_maps_close(&change->maps);
	free(change->old_image);
	cgfence_policy_free(change->old_policy);
	free(change->image);
}

static bool is_fenced(const struct change *change)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		if (change->links[i].fd >= 0)
			return true;
	}
	return false;
}

/* A fence of another version, or a damaged one, is replaced like any other; only its records may be lost. */
static int read_present(struct change *change, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result = link_open(cgfence_cgroup_id(change->cgroup), &hooks[i],
				       &change->links[i], error);

		if (result && result != -ENOENT)
			return result;
		if (result == 0 && change->maps.policy < 0)
			fence_maps_find(change->links[i].program_id, &change->maps, NULL);
	}
	if (change->maps.policy >= 0 &&
	    fence_maps_read_image(change->maps.policy, &change->old_image, NULL) == 0)
		return image_decompile(change->old_image, &change->old_policy, error);
	return 0;
}

static int load_programs(struct change *change, struct cgfence_error *error)
{
	cleanup_close_descriptor(&change->maps.policy);
	change->maps.policy = -1;
	int result = fence_maps_create_policy(change->image, &change->maps.policy, error);

	for (int i = 0; i < HOOK_COUNT && result == 0; i++) {
		if (hooks[i].wanted(change->policy))
			result = hooks[i].load(&change->maps, &change->programs[i], error);
	}
	return result;
}

/* Kernels without helpers for the current task refuse the first try; the second needs their BTF. */
static int prepare_programs(struct change *change, struct cgfence_error *error)
{
	uint64_t generation = change->old_image ? change->old_image->generation + 1 : 1;
	int result;

	result = image_compile(change->policy, generation, change->flags & CGFENCE_ATTACH_EPHEMERAL,
			       &change->image, error);
	if (result)
		return result;
	result = load_programs(change, error);
	if (result != -EINVAL || task_layout_read(&change->image->task, NULL))
		return result;
	return load_programs(change, error);
}

static int read_tag(int program, uint8_t tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return -errno;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return 0;
}

/* Is what the hook runs now the same program as the new one, maps aside? */
static bool runs_same_program(const struct change *change, int hook)
{
	cleanup_close int present = -1;
	uint8_t old_tag[BPF_TAG_SIZE];
	uint8_t new_tag[BPF_TAG_SIZE];

	if (change->links[hook].fd < 0 || change->programs[hook] < 0)
		return change->links[hook].fd < 0 && change->programs[hook] < 0;
	present = bpf_prog_get_fd_by_id(change->links[hook].program_id);
	return read_tag(present, old_tag) == 0 && read_tag(change->programs[hook], new_tag) == 0 &&
	       memcmp(old_tag, new_tag, BPF_TAG_SIZE) == 0;
}

static bool alters_nothing(const struct change *change)
{
	if (!change->old_policy || !policy_equal(change->old_policy, change->policy) ||
	    change->old_image->ephemeral != change->image->ephemeral)
		return false;
	for (int i = 0; i < HOOK_COUNT; i++) {
		if (!runs_same_program(change, i))
			return false;
	}
	return true;
}

/* Links for the hooks that had none: all of them, or none is left. */
static int create_links(const struct change *change, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result;

		if (change->programs[i] < 0 || change->links[i].fd >= 0)
			continue;
		result = link_create(change->cgroup, &hooks[i], change->programs[i], error);
		if (result == 0)
			continue;
		foreign_explain_refusal(change->cgroup, &hooks[i], -result, error);
		while (i-- > 0) {
			if (change->programs[i] >= 0 && change->links[i].fd < 0)
				link_remove(cgfence_cgroup_id(change->cgroup), &hooks[i], NULL);
		}
		return result;
	}
	return 0;
}

static int update_links(const struct change *change, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result = 0;

		if (change->programs[i] >= 0 && change->links[i].fd >= 0)
			result = link_update(&change->links[i], change->programs[i], error);
		if (result)
			return result;
	}
	return 0;
}

static void remove_unwanted_links(const struct change *change)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		if (change->programs[i] < 0 && change->links[i].fd >= 0)
			link_remove(cgfence_cgroup_id(change->cgroup), &hooks[i], NULL);
	}
}

static int attach_locked(struct change *change, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	int code = read_present(change, error);

	if (code == 0)
		code = prepare_programs(change, error);
	if (code)
		return code;
	if (alters_nothing(change)) {
		*result = CGFENCE_UNCHANGED;
		return 0;
	}
	code = create_links(change, error);
	if (code == 0)
		code = update_links(change, error);
	if (code)
		return code;
	remove_unwanted_links(change);
	*result = is_fenced(change) ? CGFENCE_REPLACED : CGFENCE_ATTACHED;
	return 0;
}

int cgfence_fence_attach(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			 unsigned int flags, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	struct change change = {
		.cgroup = cgroup,
		.policy = policy,
		.flags = flags,
		.maps = FENCE_MAPS_CLOSED,
	};
	int lock;
	int code;

	if (cgroup_is_root(cgroup) && !(flags & CGFENCE_ATTACH_FORCE))
		return error_set(
			error, EPERM,
			"this is the root cgroup, and a mistake there locks the host out; say --force if that is what you want");
	if (policy->ports_fenced)
		return error_set_invalid(
			error, "ports: fencing ports is not supported yet; leave the section out");
	for (int i = 0; i < HOOK_COUNT; i++) {
		change.links[i].fd = -1;
		change.programs[i] = -1;
	}
	fence_sweep_removed();
	code = pins_lock(cgfence_cgroup_id(cgroup), &lock, error);
	if (code == 0) {
		code = attach_locked(&change, result, error);
		pins_unlock(cgfence_cgroup_id(cgroup), lock);
	}
	change_release(&change);
	if (code)
		error_wrap(error, "cannot fence %s", cgfence_cgroup_path(cgroup));
	return code;
}
