// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Adopted fences: what they keep, and giving it back. */
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/adopted_list.h"
#include "fence/fence.h"
#include "kernel/adopted.h"
#include "policy/policy.h"

#include <cgfence/adopt.h>
#include <cgfence/standing.h>

bool cgfence_policy_adopts(const struct cgfence_policy *policy)
{
	return policy->adopt;
}

static int refuse_plain(const char *name, struct cgfence_error *error)
{
	return error_set(
		error, EINVAL,
		"the fence of %s is not an adopted one, so there is nothing to give back; 'cgfence detach' takes it away",
		name);
}

/* How many programs there are to give back, now that a killed command's work is finished. */
static int count_kept(uint64_t id, const char *name, size_t *count, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_adopted struct adopted adopted = { 0 };
	int result = cgfence_fence_open(id, &fence, error);

	if (result == 0)
		result = adopted_list_read(id, &adopted, error);
	if (result)
		return result;
	if (!adopted.count && !cgfence_fence_policy(fence)->adopt)
		return refuse_plain(name ? name : cgfence_fence_pattern(fence), error);
	*count = adopted.count;
	return 0;
}

/* @name: NULL for a standing fence */
static int release(uint64_t id, const char *name, bool *released, size_t *given_back,
		   struct cgfence_error *error)
{
	size_t count = 0;
	int result = count_kept(id, name, &count, error);

	if (result == -ENOENT) {
		*released = false;
		return 0;
	}
	if (result == 0)
		result = cgfence_fence_detach(id, released, error);
	if (result == 0)
		*given_back = count;
	return result;
}

int cgfence_fence_release(const struct cgfence_cgroup *cgroup, bool *released, size_t *given_back,
			  struct cgfence_error *error)
{
	return release(cgfence_cgroup_id(cgroup), cgfence_cgroup_path(cgroup), released, given_back,
		       error);
}

int cgfence_standing_release(uint64_t id, bool *released, size_t *given_back,
			     struct cgfence_error *error)
{
	return release(id, NULL, released, given_back, error);
}
