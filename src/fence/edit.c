// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Changes the policy of a live fence: reads, edits and writes under one lock, so that concurrent edits are not lost. */
#include "fence/edit.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "fence/anchor.h"
#include "fence/change.h"
#include "fence/source_read.h"
#include "image/image.h"
#include "kernel/pins.h"
#include "policy/edit_words.h"
#include "policy/policy.h"

#include <cgfence/standing.h>
#include <errno.h>

static int edit_policy(const struct fence_change *change, const struct cgfence_edit *wanted,
		       struct cgfence_policy **edited, bool *changes, struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	int result = fence_source_read(change->old.maps.source_id, &packed, error);

	if (result && result != -ENODATA)
		return result;
	return policy_edit_written(change->old_policy, packed, wanted, edited, changes, error);
}

/* An edit that changes nothing still repairs a fence that a killed command left half changed. */
static int put_in_force(struct fence_change *change, const struct cgfence_policy *edited,
			bool changes, struct cgfence_error *error)
{
	enum cgfence_attach_result result;

	if (!changes && !change->old.torn)
		return 0;
	change->policy = changes ? edited : change->old_policy;
	change->flags = fence_change_kept_flags(change);
	return fence_change_make(change, &result, error);
}

static int edit(struct fence_change *change, const struct cgfence_edit *wanted,
		const struct fence_edit_step *step, bool *changed, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *edited = NULL;
	bool changes = false;
	int code;

	if (!change->old.fenced)
		return fence_change_refuse_unfenced(change->cgroup, error);
	if (!change->old_policy)
		return error_set(
			error, EINVAL,
			"it was made by another version of cgfence; attach its policy again with this one");
	if (image_learns(change->old.image))
		return error_set(
			error, EBUSY,
			"it learns and refuses nothing, and goes with the command that made it; attach a policy, or let that end");
	code = edit_policy(change, wanted, &edited, &changes, error);
	if (code)
		return code;
	code = step ? step->make(step->context, error) : 0;
	if (code)
		return code;
	code = put_in_force(change, edited, changes, error);
	if (code && step)
		step->undo(step->context, error);
	if (code)
		return code;
	*changed = changes;
	return 0;
}

static int edit_fence(uint64_t id, const struct cgfence_cgroup *cgroup, uint32_t components,
		      const struct cgfence_edit *wanted, const struct fence_edit_step *step,
		      bool *changed, struct cgfence_error *error)
{
	struct fence_change change = {
		.id = id, .cgroup = cgroup, .components = components, .keeps_netns = true
	};
	int code;

	if (!bpffs_is_mounted())
		return fence_change_refuse_unfenced(cgroup, error);
	code = fence_change_begin(&change, error);
	if (code == 0)
		code = edit(&change, wanted, step, changed, error);
	if (code && code != -ENOENT)
		error_wrap(error, "cannot change the fence of %s",
			   change.pattern ? change.pattern : cgfence_cgroup_path(cgroup));
	fence_change_end(&change);
	return code;
}

int cgfence_fence_edit(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *wanted,
		       bool *changed, struct cgfence_error *error)
{
	return edit_fence(cgfence_cgroup_id(cgroup), cgroup, 0, wanted, NULL, changed, error);
}

int fence_edit_with(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *wanted,
		    const struct fence_edit_step *step, bool *changed, struct cgfence_error *error)
{
	return edit_fence(cgfence_cgroup_id(cgroup), cgroup, 0, wanted, step, changed, error);
}

int cgfence_standing_edit(uint64_t id, const struct cgfence_edit *wanted, bool *changed,
			  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
	uint32_t components = 0;
	int result = fence_anchor_open(id, NULL, &anchor, &components, error);

	return result ? result : edit_fence(id, anchor, components, wanted, NULL, changed, error);
}
