// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/resolve.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "fence/anchor.h"
#include "fence/change.h"
#include "fence/source_read.h"
#include "policy/memory.h"
#include "policy/write.h"

#include <errno.h>

/* What the words of a fence are now. */
struct resolution {
	struct cgfence_policy *policy;
	char *reason;
	char *changes;
	char *changes_json;
};

static void release_resolution(struct resolution *resolution)
{
	cgfence_policy_free(resolution->policy);
	free(resolution->reason);
	free(resolution->changes);
	free(resolution->changes_json);
}

#define cleanup_resolution __attribute__((cleanup(release_resolution)))

static int read_resolution(const struct fence_change *change, struct resolution *resolution,
			   struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	int result = fence_source_read(change->old.maps.source_id, &packed, error);

	if (result == 0)
		result = policy_memory_read(packed, &resolution->policy, error);
	if (result)
		return result;
	policy_memory_fit(resolution->policy, change->old_policy);
	if (policy_equal(resolution->policy, change->old_policy) &&
	    !policy_memory_differs(resolution->policy, packed))
		return -ENODATA;
	result = policy_memory_explain(packed, resolution->policy, &resolution->reason, error);
	if (result == 0)
		result = cgfence_policy_diff(change->old_policy, resolution->policy,
					     &resolution->changes, error);
	if (result == 0)
		result = cgfence_policy_diff_json(change->old_policy, resolution->policy,
						  &resolution->changes_json, error);
	return result;
}

/* Return: 0, -ENODATA if there is nothing to change, another -errno. */
static int make(struct fence_change *change, struct resolution *resolution,
		struct cgfence_error *error)
{
	enum cgfence_attach_result made;
	int result;

	if (!change->old.fenced || !change->old_policy)
		return -ENODATA;
	result = read_resolution(change, resolution, error);
	if (result)
		return result;
	change->policy = resolution->policy;
	change->flags = change->old.image->ephemeral ? CGFENCE_ATTACH_EPHEMERAL : 0;
	return fence_change_make(change, &made, error);
}

static void tell(const struct fence_change *change, const struct resolution *resolution,
		 cgfence_resolved_visitor *visit, void *context)
{
	const struct cgfence_resolved resolved = {
		.cgroup = change->pattern ? change->pattern : cgfence_cgroup_path(change->cgroup),
		.reason = resolution->reason,
		.changes = resolution->changes,
		.changes_json = resolution->changes_json,
	};

	visit(&resolved, context);
}

static int resolve_at(struct fence_change *change, cgfence_resolved_visitor *visit, void *context,
		      struct cgfence_error *error)
{
	cleanup_resolution struct resolution resolution = { 0 };
	int result = fence_change_begin(change, error);

	if (result == 0)
		result = make(change, &resolution, error);
	/* Words may stand for something else and the policy be the same. */
	if (result == 0 && *resolution.changes)
		tell(change, &resolution, visit, context);
	if (result && result != -ENODATA)
		error_wrap(error, "cannot resolve the policy of %s again",
			   change->pattern ? change->pattern : cgfence_cgroup_path(change->cgroup));
	fence_change_end(change);
	return result == -ENODATA ? 0 : result;
}

int fence_resolve(uint64_t id, cgfence_resolved_visitor *visit, void *context,
		  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct fence_change change = { .id = id, .keeps_netns = true };
	int result = fence_anchor_open(id, NULL, &cgroup, &change.components, error);

	if (result)
		return result;
	change.cgroup = cgroup;
	return resolve_at(&change, visit, context, error);
}
