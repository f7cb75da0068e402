// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/standing_adopt.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "fence/adopted.h"
#include "fence/anchor.h"
#include "fence/levels.h"
#include "fence/proof.h"
#include "fence/standing_adopted.h"
#include "kernel/adopted.h"
#include "runtime/setup.h"

#include <cgfence/adopt.h>
#include <string.h>

/* After so many in vain, each of which the kernel was asked about, the rest is left to watch. */
#define VAIN_MAX 8

/*
 * The fence judges a member beside the programs, so that a request which its policy refuses is refused with and without
 * them. It may take their place if they refuse nothing else, or are those that the operator had replaced before.
 */
static int take_place(uint64_t id, const struct cgfence_policy *policy, const struct adopted *found,
		      struct cgfence_error *error)
{
	cleanup_adopted struct adopted kept = { 0 };
	int result = adopted_read(id, &kept, error);

	if (result == 0 && !adopted_are_known(&kept, found))
		result = fence_prove_stricter(policy, found, error);
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

	if (!setup_find(cgfence_cgroup_fd(cgroup), &setup))
		return 0;
	return error_set(error, EAGAIN, "process %d (%s) is setting up a container there",
			 setup.runtime, setup.name);
}

static int adopt_member(uint64_t id, const struct cgfence_policy *policy,
			const struct cgfence_cgroup *member, size_t *taken,
			struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	int result = levels_find(cgfence_cgroup_fd(member), cgfence_cgroup_id(member),
				 cgfence_cgroup_path(member), &found, error);

	if (result == 0 && found.count)
		result = refuse_setup(member, error);
	if (result == 0 && found.count)
		result = take_place(id, policy, &found, error);
	if (result == 0)
		*taken = found.count;
	return result;
}

static void adopt_members(uint64_t id, const struct cgfence_policy *policy, int map)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_free uint64_t *members = NULL;
	size_t count = 0;
	int vain = 0;

	if (map < 0 || hierarchy_open(&hierarchy, NULL) || membership_list(map, &members, &count))
		return;
	for (size_t i = 0; i < count && vain < VAIN_MAX; i++) {
		cleanup_cgroup struct cgfence_cgroup *member = NULL;
		size_t taken;

		if (hierarchy_open_any(&hierarchy, members[i], &member, NULL) == 0)
			vain += adopt_member(id, policy, member, &taken, NULL) == -EPERM;
	}
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
	adopt_members(id, change->policy, change->old.maps.members);
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

static int adopt(struct fence_change *change, uint64_t id, size_t *taken,
		 struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *member = NULL;
	int result = fence_change_begin(change, error);

	if (result == 0)
		result = refuse_others(change, id, error);
	if (result == 0)
		result = cgroup_open_any_id(id, &member, error);
	return result ? result : adopt_member(change->id, change->old_policy, member, taken, error);
}

int cgfence_standing_adopt(uint64_t id, uint64_t member, size_t *taken, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
	struct fence_change change = { .id = id, .keeps_netns = true };
	int result = fence_anchor_open(id, NULL, &anchor, &change.components, error);

	if (result)
		return result;
	change.cgroup = anchor;
	result = adopt(&change, member, taken, error);
	fence_change_end(&change);
	return result;
}
