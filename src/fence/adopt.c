// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/adopt.h"
#include "base/error.h"
#include "fence/adopted.h"
#include "fence/detach.h"
#include "fence/foreproof.h"
#include "fence/levels.h"
#include "fence/setup.h"
#include "kernel/adopted.h"
#include "kernel/pins.h"
#include "policy/source.h"

#include <cgfence/adopt.h>

static int find(const struct cgfence_cgroup *cgroup, struct adopted *found,
		struct cgfence_error *error)
{
	return levels_find(cgfence_cgroup_fd(cgroup), cgfence_cgroup_id(cgroup),
			   cgfence_cgroup_path(cgroup), found, error);
}

static bool is_adopting(const struct fence_change *change)
{
	return change->old.image && change->old.image->adopt;
}

/* They go back to what they were before the change: theirs in force, and no fence. */
static void undo_first(struct fence_change *change)
{
	fence_detach_remains(change->id, change->lock, NULL);
	change->lock = -1;
}

/* The first fence of the cgroup: ours is on before theirs are off. */
static int take_place(struct fence_change *change, const struct adopted *found,
		      enum cgfence_attach_result *result, struct cgfence_error *error)
{
	uint64_t id = change->id;
	int code = foreproof_confirm_first(&change->foreproof, change->policy, found, error);

	if (code == 0)
		code = adopted_pin(id, found, error);
	if (code)
		return code;
	code = fence_change_make(change, result, error);
	if (code) {
		adopted_unpin(id);
		return code;
	}
	code = adopted_detach(found, error);
	if (code)
		undo_first(change);
	return code;
}

/* Those that are like the ones before take their place alone, others that of all on their cgroup. */
static int take_place_again(struct fence_change *change, const struct adopted *found,
			    struct cgfence_error *error)
{
	cleanup_adopted struct adopted before = { 0 };
	uint64_t id = change->id;
	int result = adopted_read(id, &before, error);

	if (result == 0)
		result = foreproof_confirm_again(&change->foreproof, id, change->old_policy,
						 change->old.image->generation, &before, found,
						 error);
	if (result == 0)
		result = adopted_swap(id, &before, found, error);
	return result ? result : adopted_detach(found, error);
}

static int refuse_fenced(const struct fence_change *change, struct cgfence_error *error)
{
	return error_set(
		error, EEXIST,
		"%s has a fence beside the programs of others, and requests pass that all allow; detach that fence first, then adopt",
		cgfence_cgroup_path(change->cgroup));
}

int fence_adopt_prove(struct fence_change *change, struct cgfence_error *error)
{
	return pins_are_there(change->id)
		       ? foreproof_again(change->id, change->cgroup, &change->foreproof, error)
	       : change->policy
		       ? foreproof_first(change->cgroup, change->policy, &change->foreproof, error)
		       : 0;
}

int fence_adopt_make(struct fence_change *change, enum cgfence_attach_result *result, size_t *taken,
		     struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	int code = find(change->cgroup, &found, error);

	if (code)
		return code;
	if (found.count && change->old.fenced && !is_adopting(change))
		return refuse_fenced(change, error);
	if (found.count && is_adopting(change))
		code = take_place_again(change, &found, error);
	if (code == 0)
		code = found.count && !change->old.fenced
			       ? take_place(change, &found, result, error)
			       : fence_change_make(change, result, error);
	if (code == 0)
		*taken = found.count;
	return code;
}

int fence_adopt_undo(struct fence_change *change, enum cgfence_attach_result *result,
		     struct cgfence_error *error)
{
	uint64_t id = change->id;
	int code = is_adopting(change) ? fence_adopted_give_back(id, error) : 0;

	if (code == 0)
		code = fence_change_make(change, result, error);
	if (!is_adopting(change))
		return code;
	if (code)
		fence_adopted_settle(id, true, NULL);
	else
		adopted_unpin(id);
	return code;
}

static int refuse_unattached(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	return error_set(
		error, ENOENT,
		"%s has no device program of others whose place a fence could take; 'cgfence attach' fences it",
		cgfence_cgroup_path(cgroup));
}

/* A policy is given for the first fence; an adopted one keeps its own. */
static int make(struct fence_change *change, size_t *taken, struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	enum cgfence_attach_result result;
	int code;

	if (is_adopting(change)) {
		change->policy = change->old_policy;
		change->keeps_netns = true;
		change->flags = change->old.image->ephemeral ? CGFENCE_ATTACH_EPHEMERAL : 0;
		return fence_adopt_make(change, &result, taken, error);
	}
	if (!change->policy)
		return fence_change_refuse_unfenced(change->cgroup, error);
	code = find(change->cgroup, &found, error);
	if (code)
		return code;
	if (!found.count)
		return refuse_unattached(change->cgroup, error);
	return fence_adopt_make(change, &result, taken, error);
}

static int copy_with_adopt(const struct cgfence_policy *policy, struct cgfence_policy **copy,
			   struct cgfence_error *error)
{
	struct cgfence_policy *made;

	if (!policy->devices_fenced || !policy->enforce)
		return error_set_invalid(
			error,
			"a policy that takes the place of programs decides for them; give it a \"devices\" section, and no \"enforce\": false");
	made = policy_copy(policy);
	if (!made)
		return error_out_of_memory(error);
	made->adopt = true;
	if (policy_source_set(made, "adopt", json_true())) {
		cgfence_policy_free(made);
		return error_out_of_memory(error);
	}
	*copy = made;
	return 0;
}

int cgfence_fence_adopt(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			size_t *taken, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *copy = NULL;
	struct fence_change change = { .id = cgfence_cgroup_id(cgroup), .cgroup = cgroup };
	int code = policy ? copy_with_adopt(policy, &copy, error) : 0;

	if (code)
		return code;
	change.policy = copy;
	/* As for any other fence, before a lock is taken. */
	code = copy ? fence_setup_refuse(cgroup, copy, 0, NULL, error) : 0;
	if (code == 0)
		code = fence_adopt_prove(&change, error);
	if (code) {
		error_wrap(error, "cannot adopt %s", cgfence_cgroup_path(cgroup));
		return code;
	}
	code = fence_change_begin(&change, error);
	if (code == 0)
		code = make(&change, taken, error);
	fence_change_end(&change);
	if (code)
		error_wrap(error, "cannot adopt %s", cgfence_cgroup_path(cgroup));
	return code;
}
