// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching: everything that can fail for want of memory, rights or kernel features comes before the first link is
 * touched. Then new links are made, present ones are switched to the new programs, and those that the new policy has
 * no use for go last, so that a death on the way leaves a fence that enforces no less than the old one.
 */
#include "cgroup.h"
#include "error.h"
#include "fence_present.h"
#include "fence_programs.h"
#include "fence_sweep.h"
#include "foreign.h"
#include "image.h"
#include "kill_trace.h"
#include "link.h"
#include "pins.h"
#include "policy_edit.h"

#include <bpf/bpf.h>
#include <string.h>

/* What is attached now, and what shall be. */
struct change {
	const struct cgfence_cgroup *cgroup;
	const struct cgfence_policy *policy;
	unsigned int flags;
	bool keeps_netns; /* of the fence that is there; else it is that of this process */

	struct fence_present old;
	struct cgfence_policy *old_policy; /* NULL if there is none that this version can read */
	struct fence_programs new;
};

static void change_release(struct change *change)
{
	fence_present_release(&change->old);
	cgfence_policy_free(change->old_policy);
	fence_programs_release(&change->new);
}

/* A fence of another version, or a damaged one, is replaced like any other; only its records may be lost. */
static int read_present(struct change *change, struct cgfence_error *error)
{
	int result = fence_present_read(cgfence_cgroup_id(change->cgroup), &change->old, error);

	if (result || !change->old.image)
		return result;
	return image_decompile(change->old.image, &change->old_policy, error);
}

/* What stays although the policy changes. */
static void take_over_ports(struct change *change)
{
	const struct cgfence_port_table *old = &change->old.image->ports;
	struct cgfence_port_table *new = &change->new.image->ports;

	new->since_ns = old->since_ns;
	if (!change->keeps_netns)
		return;
	new->netns_cookie = old->netns_cookie;
	new->netns_inum = old->netns_inum;
	new->ephemeral_low = old->ephemeral_low;
	new->ephemeral_high = old->ephemeral_high;
}

static int prepare(struct change *change, struct cgfence_error *error)
{
	uint64_t generation = change->old.image ? change->old.image->generation + 1 : 1;
	int result = image_compile(change->policy, generation,
				   change->flags & CGFENCE_ATTACH_EPHEMERAL, &change->new.image,
				   error);

	if (result)
		return result;
	change->new.image->cgroup_id = cgfence_cgroup_id(change->cgroup);
	if (change->old.image && change->old.image->ports.fenced)
		take_over_ports(change);
	return fence_programs_load(&change->new, &change->old.maps, error);
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
	uint8_t old_tag[BPF_TAG_SIZE];
	uint8_t new_tag[BPF_TAG_SIZE];

	if (change->old.links[hook].fd < 0 || change->new.programs[hook] < 0)
		return change->old.links[hook].fd < 0 && change->new.programs[hook] < 0;
	return read_tag(change->old.links[hook].program, old_tag) == 0 &&
	       read_tag(change->new.programs[hook], new_tag) == 0 &&
	       memcmp(old_tag, new_tag, BPF_TAG_SIZE) == 0;
}

/* The same policy says something else from another network namespace, or under another guard. */
static bool same_circumstances(const struct cgfence_image *a, const struct cgfence_image *b)
{
	return a->ephemeral == b->ephemeral && a->ports.guard == b->ports.guard &&
	       a->ports.netns_cookie == b->ports.netns_cookie &&
	       a->ports.netns_inum == b->ports.netns_inum;
}

static bool alters_nothing(const struct change *change)
{
	if (!change->old_policy || !policy_equal(change->old_policy, change->policy) ||
	    !same_circumstances(change->old.image, change->new.image) || change->old.torn)
		return false;
	for (int i = 0; i < HOOK_COUNT; i++) {
		if (!runs_same_program(change, i))
			return false;
	}
	return true;
}

/* Takes away the links that this change has made, those before hook @end. */
static void undo_create_links(const struct change *change, int end)
{
	for (int i = end - 1; i >= 0; i--) {
		if (change->new.programs[i] >= 0 && change->old.links[i].fd < 0)
			link_remove(cgfence_cgroup_id(change->cgroup), &hooks[i], NULL);
	}
}

/* Links for the hooks that had none: all of them, or none is left. */
static int create_links(const struct change *change, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result;

		if (change->new.programs[i] < 0 || change->old.links[i].fd >= 0)
			continue;
		result = link_create(change->cgroup, &hooks[i], change->new.programs[i], error);
		if (result) {
			foreign_explain_refusal(change->cgroup, &hooks[i], -result, error);
			undo_create_links(change, i);
			return result;
		}
	}
	return 0;
}

/* Puts the old programs back where the new ones are already, before hook @end. */
static void undo_update_links(const struct change *change, int end)
{
	for (int i = 0; i < end; i++) {
		if (change->new.programs[i] >= 0 && change->old.links[i].fd >= 0)
			link_update(&change->old.links[i], change->old.links[i].program, NULL);
	}
}

static int update_links(const struct change *change, struct cgfence_error *error)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		int result = 0;

		if (change->new.programs[i] >= 0 && change->old.links[i].fd >= 0)
			result = link_update(&change->old.links[i], change->new.programs[i], error);
		if (result) {
			undo_update_links(change, i);
			undo_create_links(change, HOOK_COUNT);
			return result;
		}
	}
	return 0;
}

static void remove_unwanted_links(const struct change *change)
{
	for (int i = HOOK_COUNT - 1; i >= 0; i--) {
		if (change->new.programs[i] < 0 && change->old.links[i].fd >= 0)
			link_remove(cgfence_cgroup_id(change->cgroup), &hooks[i], NULL);
	}
}

/* An audit kills nothing. */
static int set_kill_trace(const struct change *change, struct cgfence_error *error)
{
	const struct cgfence_image *image = change->new.image;

	return image->ports.killed_by_trace && image->enforce ? kill_trace_set(image, error) : 0;
}

static void restore_kill_trace(const struct change *change)
{
	const struct cgfence_image *old = change->old.image;

	if (old && old->ports.killed_by_trace && old->enforce)
		kill_trace_set(old, NULL);
	else
		kill_trace_clear(cgfence_cgroup_id(change->cgroup));
}

/* The fence that is there has been read. */
static int replace_locked(struct change *change, enum cgfence_attach_result *result,
			  struct cgfence_error *error)
{
	int code = prepare(change, error);

	if (code)
		return code;
	if (alters_nothing(change)) {
		*result = CGFENCE_UNCHANGED;
		return 0;
	}
	code = set_kill_trace(change, error);
	if (code == 0)
		code = create_links(change, error);
	if (code == 0)
		code = update_links(change, error);
	if (code) {
		restore_kill_trace(change);
		return code;
	}
	remove_unwanted_links(change);
	if (!change->new.image->ports.killed_by_trace || !change->new.image->enforce)
		kill_trace_clear(cgfence_cgroup_id(change->cgroup));
	pins_touch(cgfence_cgroup_id(change->cgroup));
	*result = change->old.fenced ? CGFENCE_REPLACED : CGFENCE_ATTACHED;
	return 0;
}

static int attach_locked(struct change *change, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	int code = read_present(change, error);

	return code ? code : replace_locked(change, result, error);
}

int cgfence_fence_attach(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			 unsigned int flags, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	struct change change = {
		.cgroup = cgroup,
		.policy = policy,
		.flags = flags,
	};
	int lock;
	int code;

	if (cgroup_is_root(cgroup) && !(flags & CGFENCE_ATTACH_FORCE))
		return error_set(
			error, EPERM,
			"this is the root cgroup, and a mistake there locks the host out; say --force if that is what you want");
	fence_present_init(&change.old);
	fence_programs_init(&change.new);
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

static int refuse_unfenced(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	return error_set(error, ENOENT, "%s has no fence of its own; attach a policy to it first",
			 cgfence_cgroup_path(cgroup));
}

/* Reads, edits and writes under one lock, so that no edit of another command is lost. */
static int edit_locked(struct change *change, const struct cgfence_edit *edit, bool *changed,
		       struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *edited = NULL;
	enum cgfence_attach_result result;
	int code = read_present(change, error);

	if (code)
		return code;
	if (!change->old.fenced)
		return refuse_unfenced(change->cgroup, error);
	if (!change->old_policy)
		return error_set(
			error, EINVAL,
			"it was made by another version of cgfence; attach its policy again with this one");
	code = policy_edit(change->old_policy, edit, &edited, error);
	if (code)
		return code;
	/* Only what a killed command left half done is worth repairing for an edit that changes nothing. */
	if (policy_equal(change->old_policy, edited) && !change->old.torn) {
		*changed = false;
		return 0;
	}
	change->policy = edited;
	change->flags = change->old.image->ephemeral ? CGFENCE_ATTACH_EPHEMERAL : 0;
	code = replace_locked(change, &result, error);
	if (code)
		return code;
	*changed = !policy_equal(change->old_policy, edited);
	return 0;
}

int cgfence_fence_edit(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *edit,
		       bool *changed, struct cgfence_error *error)
{
	struct change change = { .cgroup = cgroup, .keeps_netns = true };
	int lock;
	int code;

	if (!pins_have_bpffs())
		return refuse_unfenced(cgroup, error);
	fence_present_init(&change.old);
	fence_programs_init(&change.new);
	fence_sweep_removed();
	code = pins_lock(cgfence_cgroup_id(cgroup), &lock, error);
	if (code == 0) {
		code = edit_locked(&change, edit, changed, error);
		pins_unlock(cgfence_cgroup_id(cgroup), lock);
	}
	change_release(&change);
	if (code && code != -ENOENT)
		error_wrap(error, "cannot change the fence of %s", cgfence_cgroup_path(cgroup));
	return code;
}
