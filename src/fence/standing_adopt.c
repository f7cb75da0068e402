// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/standing_adopt.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/cgroup.h"
#include "fence/adopted.h"
#include "fence/anchor.h"
#include "fence/fence.h"
#include "fence/foreproof.h"
#include "fence/levels.h"
#include "fence/setup.h"
#include "fence/standing_adopted.h"
#include "kernel/adopted.h"

#include <cgfence/adopt.h>
#include <string.h>

/* After so many in vain, each of which the kernel was asked about, the rest is left to watch. */
#define VAIN_MAX 8

/*
 * The fence judges a member beside the programs, so that a request which its policy refuses is refused with and without
 * them. It may take their place if they refuse nothing else, or are those that the operator had replaced before.
 */
static int take_place(const struct fence_change *change, const struct adopted *found,
		      struct cgfence_error *error)
{
	cleanup_adopted struct adopted kept = { 0 };
	uint64_t id = change->id;
	int result = adopted_read(id, &kept, error);

	if (result == 0)
		result = foreproof_confirm_again(&change->foreproof, id, change->old_policy,
						 change->old.image->generation, &kept, found,
						 error);
	if (result == 0)
		result = adopted_swap(id, &kept, found, error);
	if (result == 0)
		result = adopted_detach(found, error);
	if (result == 0)
		standing_adopted_forget(id);
	return result;
}

/* A runtime that is at work on the cgroup may look for its program. */
static int refuse_setup(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	struct setup setup;

	if (!fence_setup_find(cgroup, &setup))
		return 0;
	return error_set(error, EAGAIN, "process %d (%s) is setting up a container there",
			 setup.runtime, setup.name);
}

static int adopt_member(const struct fence_change *change, const struct cgfence_cgroup *member,
			size_t *taken, struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	int result = levels_find(cgfence_cgroup_fd(member), cgfence_cgroup_id(member),
				 cgfence_cgroup_path(member), &found, error);

	if (result == 0 && found.count)
		result = refuse_setup(member, error);
	if (result == 0 && found.count)
		result = take_place(change, &found, error);
	if (result == 0)
		*taken = found.count;
	return result;
}

static bool same_exceptions(const struct fence_change *change)
{
	const char *old = change->old_policy ? change->old_policy->except : NULL;
	const char *new = change->policy->except;

	return old && new ? strcmp(old, new) == 0 : old == new;
}

int standing_adopt_make(struct fence_change *change, enum cgfence_attach_result *result,
			struct cgfence_error *error)
{
	uint64_t id = change->id;
	bool gives_back = change->old.image && change->old.image->adopt && !same_exceptions(change);
	/* Before a member ceases to be one, it has its programs again. */
	int code = gives_back ? fence_adopted_give_back(id, error) : 0;

	if (code == 0)
		code = fence_change_make(change, result, error);
	if (code) {
		if (gives_back)
			standing_adopted_settle(id, true, change->old.membership.members, NULL);
		return code;
	}
	if (gives_back)
		standing_adopted_settle(id, true, change->old.maps.members, NULL);
	return 0;
}

static int refuse_others(const struct fence_change *change, uint64_t member,
			 struct cgfence_error *error)
{
	const struct fence_present *old = &change->old;

	if (!old->fenced)
		return error_set(error, ENOENT, "the standing fence is gone");
	if (!old->image || !old->image->adopt || !fence_present_judges_devices(old))
		return error_set(error, EINVAL,
				 "the policy of the standing fence has no \"adopt\"");
	if (old->membership.members < 0)
		return error_set(error, EAGAIN, "the standing fence is being changed");
	if (!membership_has(old->membership.members, member))
		return error_set(error, ENOENT, "it is no member of the standing fence");
	return 0;
}

static int adopt(struct fence_change *change, const struct cgfence_cgroup *member, size_t *taken,
		 struct cgfence_error *error)
{
	int result = fence_change_begin(change, error);

	if (result == 0)
		result = refuse_others(change, cgfence_cgroup_id(member), error);
	return result ? result : adopt_member(change, member, taken, error);
}

int cgfence_standing_adopt(uint64_t id, uint64_t member, size_t *taken, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct fence_change change = { .id = id, .keeps_netns = true };
	int result = fence_anchor_open(id, NULL, &anchor, &change.components, error);

	if (result == 0)
		result = cgroup_open_any_id(member, &cgroup, error);
	if (result == 0)
		result = foreproof_again(id, cgroup, &change.foreproof, error);
	if (result)
		return result;
	change.cgroup = anchor;
	result = adopt(&change, cgroup, taken, error);
	fence_change_end(&change);
	return result;
}

static int adopt_if_needed(uint64_t id, const struct hierarchy *hierarchy, uint64_t member)
{
	cleanup_close int directory = hierarchy_open_directory(hierarchy, member);
	cleanup_adopted struct adopted found = { 0 };
	size_t taken;

	if (directory < 0 || levels_find_any(directory, member, &found) || !found.count)
		return 0;
	return cgfence_standing_adopt(id, member, &taken, NULL);
}

void standing_adopt_members(uint64_t id)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *members = NULL;
	size_t count = 0;
	int vain = 0;

	if (hierarchy_open(&hierarchy, NULL) || fence_read(id, &fence, NULL) ||
	    fence_membership(fence)->members < 0 ||
	    membership_list(fence_membership(fence)->members, &members, &count))
		return;
	for (size_t i = 0; i < count && vain < VAIN_MAX; i++) {
		yield_now();
		vain += adopt_if_needed(id, &hierarchy, members[i]) == -EPERM;
	}
}
