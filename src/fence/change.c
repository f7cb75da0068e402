// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/change.h"
#include "cgroup/cgroup.h"
#include "base/error.h"
#include "fence/adopted.h"
#include "fence/detach.h"
#include "fence/guard.h"
#include "fence/hidden.h"
#include "fence/load.h"
#include "fence/move.h"
#include "fence/ports_kept.h"
#include "fence/same.h"
#include "fence/setup.h"
#include "fence/sharing.h"
#include "fence/standing_adopted.h"
#include "fence/source.h"
#include "fence/standing_change.h"
#include "fence/sweep.h"
#include "kernel/foreign.h"
#include "image/image.h"
#include "kernel/listen_trace.h"
#include "kernel/link.h"
#include "kernel/member_programs.h"
#include "kernel/pins.h"
#include "policy/write.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/random.h>

int fence_change_refuse_unfenced(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	int result = cgfence_fence_check_hidden(cgroup, error);

	return result ? result
		      : error_set(error, ENOENT,
				  "%s has no fence of its own; attach a policy to it first",
				  cgfence_cgroup_path(cgroup));
}

static int read_pattern(struct fence_change *change, struct cgfence_error *error)
{
	if (!image_standing(change->old.image)->anchor_id)
		return 0;
	change->old_pattern = image_pattern(change->old.image);
	if (!change->old_pattern)
		return error_out_of_memory(error);
	if (change->pattern && strcmp(change->pattern, change->old_pattern) != 0)
		return error_set(error, EEXIST, "it has the id of the standing fence of %s",
				 change->old_pattern);
	change->pattern = change->old_pattern;
	return 0;
}

/* A fence of another version, or a damaged one, is replaced like any other; only its records may be lost. */
static int read_present(struct fence_change *change, struct cgfence_error *error)
{
	int result = fence_present_read(change->id, &change->old, error);

	if (result || !change->old.image)
		return result;
	result = read_pattern(change, error);
	if (result)
		return result;
	return image_decompile(change->old.image, &change->old_policy, error);
}

/* What cannot be read may decide nothing, and what it took the place of may be attached or not: both stay. */
static int settle_adopted(struct fence_change *change, struct cgfence_error *error)
{
	struct fence_present *old = &change->old;
	bool in_force = old->image && old->image->adopt && fence_present_judges_devices(old);
	int result;

	if (old->fenced && !old->image)
		return 0;
	result = change->pattern ? standing_adopted_settle(change->id, in_force,
							   old->membership.members, error)
				 : fence_adopted_settle(change->id, in_force, error);
	if (result == 0)
		old->unsettled = false;
	return result;
}

int fence_change_begin(struct fence_change *change, struct cgfence_error *error)
{
	uint64_t id = change->id;
	int result;

	change->lock = -1;
	change->membership = (struct membership)MEMBERSHIP_CLOSED;
	fence_present_init(&change->old);
	fence_programs_init(&change->new);
	fence_sweep_removed(change->cgroup);
	result = pins_lock(id, &change->lock, error);
	if (result)
		return result;
	fence_detach_finish(id);
	fence_move_clear(id);
	/* Nothing is stacked on a fence that another bpffs has. */
	result = fence_check_hidden(change->cgroup, error);
	if (result == 0)
		result = read_present(change, error);
	return result ? result : settle_adopted(change, error);
}

void fence_change_end(struct fence_change *change)
{
	standing_change_undo(change);
	if (change->lock >= 0)
		pins_unlock(change->id, change->lock);
	/* A first one may have come to nothing. */
	if (change->id & CGFENCE_STANDING_ID)
		member_programs_leave();
	fence_present_release(&change->old);
	free(change->old_pattern);
	cgfence_policy_free(change->old_policy);
	fence_programs_release(&change->new);
}

/* A new policy finds the records where the old one left them. */
static int choose_record_seed(struct fence_change *change, struct cgfence_error *error)
{
	__u64 *seed = &change->new.image->record_seed;

	if (change->old.image)
		*seed = change->old.image->record_seed;
	else if (getrandom(seed, sizeof(*seed), 0) != sizeof(*seed))
		return error_set(error, EIO, "cannot get random bytes from the kernel");
	return 0;
}

static int prepare_again(struct fence_change *change, struct cgfence_error *error);

static int load(struct fence_change *change, struct cgfence_error *error)
{
	bool may_deny = fence_guard_may_deny(change->new.image);
	bool taken;
	int result = standing_change_prepare(change, error);

	if (result == 0)
		result = fence_sharing_prepare(change, &taken, error);
	if (result || taken)
		return result;
	result = fence_source_prepare(change, error);
	if (result == 0)
		result = fence_programs_load(&change->new, &change->old.maps, error);
	/* The first fence of a boot finds out that programs may be shared, or that they may not. */
	if ((result == 0 && may_deny && !fence_guard_may_deny(change->new.image)) ||
	    fence_sharing_give_up(change, result))
		return prepare_again(change, error);
	return result;
}

static int prepare(struct fence_change *change, struct cgfence_error *error)
{
	uint64_t generation = change->old.image ? change->old.image->generation + !change->rewords
						: 1;
	int result = change->pattern
			     ? image_compile_standing(change->policy, generation, change->pattern,
						      &change->new.image, error)
			     : image_compile(change->policy, generation,
					     change->flags & CGFENCE_ATTACH_EPHEMERAL,
					     &change->new.image, error);

	if (result)
		return result;
	change->new.image->cgroup_id =
		change->id | (change->flags & CGFENCE_ATTACH_LEARN ? CGFENCE_LEARNING_BIT : 0);
	result = choose_record_seed(change, error);
	if (result)
		return result;
	if (change->old.image && change->old.image->ports.fenced)
		ports_kept_take_over(change);
	return load(change, error);
}

/* Removes the links that this change has made before hook @end. */
static void undo_create_links(const struct fence_change *change, int end)
{
	for (int i = end - 1; i >= 0; i--) {
		if (change->new.programs[i] >= 0 && change->old.links[i].fd < 0)
			link_remove(change->id, &hooks[i], NULL);
	}
}

static int create_link(const struct fence_change *change, const struct hook *hook, int program,
		       struct cgfence_error *error)
{
	int result = foreign_check_overriding(change->cgroup, hook, program, error);

	if (result)
		return result;
	result = link_create(change->id, change->cgroup, hook, program, error);
	if (result)
		foreign_explain_refusal(change->cgroup, hook, program, -result, error);
	return result;
}

/* Makes the links for hooks that had none; on failure it removes those it made. */
static int create_links(const struct fence_change *change, struct cgfence_error *error)
{
	int refused = 0;

	for (int i = 0; i < hook_count; i++) {
		int result;

		if (change->new.programs[i] < 0 || change->old.links[i].fd >= 0)
			continue;
		result = create_link(change, &hooks[i], change->new.programs[i], error);
		if (result) {
			undo_create_links(change, i);
			return result;
		}
	}
	/* Before, the cgroup may have been empty, one that a runtime had just made. */
	if (!change->pattern)
		refused = fence_setup_refuse(change->cgroup, change->policy, change->flags,
					     &change->old, error);
	if (refused)
		undo_create_links(change, hook_count);
	return refused;
}

/* Makes the links on a new anchor. */
static int move_links(const struct fence_change *change, struct cgfence_error *error)
{
	int result = fence_move_begin(change, error);

	if (result)
		undo_create_links(change, hook_count);
	return result;
}

/* Restores the old programs on the hooks before @end, and removes the new links. */
static void undo_links(const struct fence_change *change, int end)
{
	for (int i = 0; i < end; i++) {
		if (change->new.programs[i] >= 0 && change->old.links[i].fd >= 0 &&
		    !fence_move_has(change, i))
			link_update(&change->old.links[i], change->old.links[i].program, NULL);
	}
	undo_create_links(change, hook_count);
}

static int update_links(const struct fence_change *change, struct cgfence_error *error)
{
	for (int i = 0; i < hook_count; i++) {
		int result = 0;

		if (change->new.programs[i] >= 0 && change->old.links[i].fd >= 0 &&
		    !fence_move_has(change, i))
			result = link_update(&change->old.links[i], change->new.programs[i], error);
		if (result) {
			undo_links(change, i);
			return result;
		}
	}
	return 0;
}

static void remove_unwanted_links(const struct fence_change *change)
{
	for (int i = hook_count - 1; i >= 0; i--) {
		if (change->new.programs[i] < 0 && change->old.links[i].fd >= 0)
			link_remove(change->id, &hooks[i], NULL);
	}
}

static void restore_listen_trace(const struct fence_change *change)
{
	const struct cgfence_image *old = change->old.image;

	if (old && old->ports.traced)
		listen_trace_set(old, change->old.membership.members, NULL);
	else
		listen_trace_clear(change->id, NULL);
}

/* Makes every step that can fail; on failure the old policy is in force again. */
static int switch_over(const struct fence_change *change, struct cgfence_error *error)
{
	bool traced = change->new.image->ports.traced;
	int result = traced ? listen_trace_set(change->new.image, change->old.maps.members, error)
			    : 0;

	if (result == 0)
		result = create_links(change, error);
	if (result == 0)
		result = move_links(change, error);
	if (result == 0)
		result = update_links(change, error);
	if (result == 0 && !traced) {
		result = listen_trace_clear(change->id, error);
		if (result)
			undo_links(change, hook_count);
	}
	if (result == 0)
		return fence_move_finish(change, error);
	fence_move_undo(change);
	restore_listen_trace(change);
	return result;
}

/* Begins once more with the programs to be. */
static int prepare_again(struct fence_change *change, struct cgfence_error *error)
{
	fence_programs_release(&change->new);
	fence_programs_init(&change->new);
	return prepare(change, error);
}

/* @idle: receives whether all is in force already */
static int prepare_all(struct fence_change *change, bool *idle, struct cgfence_error *error)
{
	int code;

	change->rewords = fence_source_rewords(change);
	code = prepare(change, error);
	if (code)
		return code;
	*idle = fence_same_is_in_force(change);
	if (*idle || !change->rewords) {
		*idle = *idle && !change->rewords;
		return 0;
	}
	/* What is around the policy has changed: that counts as a change of it. */
	change->rewords = false;
	return prepare_again(change, error);
}

static enum cgfence_attach_result result_of(const struct fence_change *change)
{
	if (change->rewords)
		return CGFENCE_REWORDED;
	return change->old.fenced ? CGFENCE_REPLACED : CGFENCE_ATTACHED;
}

static int try_to_make(struct fence_change *change, enum cgfence_attach_result *result,
		       struct cgfence_error *error)
{
	bool idle = false;
	int code = prepare_all(change, &idle, error);

	if (code)
		return code;
	if (idle) {
		*result = CGFENCE_UNCHANGED;
		return 0;
	}
	if (change->flags & (CGFENCE_ATTACH_EPHEMERAL | CGFENCE_ATTACH_LEARN))
		pins_mark_passing(change->id);
	/* A command that is killed in the midst of it leaves a changed mark, too. */
	pins_touch(change->id);
	code = standing_change_begin(change, error);
	if (code == 0)
		code = fence_sharing_begin(change, error);
	if (code == 0)
		code = switch_over(change, error);
	if (code)
		return code;
	remove_unwanted_links(change);
	standing_change_finish(change);
	fence_sharing_finish(change);
	pins_touch(change->id);
	*result = result_of(change);
	return 0;
}

unsigned int fence_change_kept_flags(const struct fence_change *change)
{
	const struct cgfence_image *image = change->old.image;

	return (image->ephemeral ? CGFENCE_ATTACH_EPHEMERAL : 0) |
	       (image_learns(image) ? CGFENCE_ATTACH_LEARN : 0);
}

int fence_change_make(struct fence_change *change, enum cgfence_attach_result *result,
		      struct cgfence_error *error)
{
	int code = try_to_make(change, result, error);

	/* The kernel took something once and takes it no more, so the fence does without. */
	if (code == -ESTALE) {
		change->alone = true;
		fence_programs_release(&change->new);
		fence_programs_init(&change->new);
		code = try_to_make(change, result, error);
	}
	if (code)
		fence_sharing_undo(change);
	return code;
}
