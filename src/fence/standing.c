// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "cgroup/pattern.h"
#include "fence/adopt.h"
#include "fence/anchor.h"
#include "fence/change.h"
#include "fence/foresee.h"
#include "fence/root.h"
#include "fence/standing.h"
#include "fence/standing_adopt.h"
#include "fence/standing_change.h"
#include "kernel/kernel_btf.h"
#include "kernel/refusal.h"
#include "policy/policy.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <string.h>

bool cgfence_standing_is_id(uint64_t id)
{
	return id & CGFENCE_STANDING_ID;
}

bool cgfence_standing_is_pattern(const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	return cgroup_is_glob(name) && cgfence_cgroup_open(name, &cgroup, NULL);
}

/* FNV-1a, in which any two patterns differ that are not made to collide; those are refused. */
uint64_t standing_id(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3ULL;
	return (hash & (CGFENCE_STANDING_ID - 1)) | CGFENCE_STANDING_ID;
}

bool standing_is_refused(void)
{
	struct kernel_layout layout;

	kernel_btf_read_layout(&layout);
	/* Reads may fail for now: then it is not known to be a refusal. */
	return !kernel_layout_has(&layout, KERNEL_LAYOUT_CGROUPS) ||
	       refusal_try_reads() == TRIAL_REFUSED;
}

/* A name of no cgroup that can appear would make a fence that is never for one. */
static int normalise(const char *pattern, char **path, struct cgfence_error *error)
{
	int result = cgroup_check_appears(pattern, error);

	return result ? result : cgroup_pattern_normalise(pattern, path, error);
}

static int refuse(const struct cgfence_cgroup *anchor, const char *path, uint32_t components,
		  unsigned int flags, struct cgfence_error *error)
{
	if (components > CGFENCE_PATTERN_DEPTH)
		return error_set_invalid(
			error, "the pattern has %u components below %s, which are more than %d",
			components, cgfence_cgroup_path(anchor), CGFENCE_PATTERN_DEPTH);
	if (cgfence_cgroup_is_root(anchor) && cgroup_pattern_is_all_stars(path) &&
	    !(flags & CGFENCE_ATTACH_FORCE))
		return error_set(
			error, EPERM,
			"every cgroup of the host would be a member, and a mistake there locks the host out; use --force if that is what you want");
	return 0;
}

static int attach(const char *path, const struct cgfence_policy *policy, unsigned int flags,
		  enum cgfence_attach_result *result, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
	struct fence_change change = {
		.id = standing_id(path), .pattern = path, .policy = policy, .flags = flags
	};
	int code = fence_anchor_open(change.id, path, &anchor, &change.components, error);

	if (code == 0)
		code = refuse(anchor, path, change.components, flags, error);
	if (code)
		return code;
	change.cgroup = anchor;
	code = fence_change_begin(&change, error);
	if (code == 0 && (flags & CGFENCE_ATTACH_NEW) && change.old.fenced)
		code = error_set(error, EEXIST, "it has a fence already");
	if (code == 0)
		code = policy->adopt ? standing_adopt_make(&change, result, error)
				     : fence_adopt_undo(&change, result, error);
	fence_change_end(&change);
	if (code == 0 && policy->adopt)
		standing_adopt_members(change.id);
	return code;
}

static int foresee(const char *path, const struct cgfence_policy *policy, unsigned int flags,
		   struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
	struct fence_change change = {
		.id = standing_id(path), .pattern = path, .policy = policy, .flags = flags
	};
	struct cgfence_cgroup_layout layout;
	int result = fence_anchor_open(change.id, path, &anchor, &change.components, error);

	if (result == 0)
		result = refuse(anchor, path, change.components, flags, error);
	if (result || !policy)
		return result;
	change.cgroup = anchor;
	result = standing_change_describe_cgroups(&layout, error);
	if (result == 0)
		result = cgfence_fence_check_hidden(anchor, error);
	return result ? result : fence_foresee_hooks(&change, error);
}

int cgfence_standing_foresee(const char *pattern, const struct cgfence_policy *policy,
			     unsigned int flags, struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	int result = normalise(pattern, &path, error);

	if (result == 0)
		result = foresee(path, policy, flags, error);
	if (result)
		error_wrap(error, "cannot fence the cgroups of the name %s", pattern);
	return result;
}

int cgfence_standing_check(const char *pattern, unsigned int flags, struct cgfence_error *error)
{
	return cgfence_standing_foresee(pattern, NULL, flags, error);
}

int cgfence_standing_attach(const char *pattern, const struct cgfence_policy *policy,
			    unsigned int flags, enum cgfence_attach_result *result,
			    struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	int code = normalise(pattern, &path, error);

	if (code == 0)
		code = attach(path, policy, flags, result, error);
	if (code)
		error_wrap(error, "cannot fence the cgroups of the name %s", pattern);
	return code;
}

int cgfence_standing_anchor(const char *pattern, struct cgfence_cgroup **anchor,
			    struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	uint32_t components = 0;
	int result = cgroup_pattern_normalise(pattern, &path, error);

	return result ? result
		      : fence_anchor_open(standing_id(path), path, anchor, &components, error);
}

int cgfence_standing_find(const char *pattern, uint64_t *id, struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	int result = cgroup_pattern_normalise(pattern, &path, error);

	if (result)
		return result;
	if (!fence_root_is_there(standing_id(path)))
		return error_set(error, ENOENT, "there is no standing fence of %s", path);
	*id = standing_id(path);
	return 0;
}
