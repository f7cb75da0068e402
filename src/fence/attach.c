// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "fence/change.h"
#include "fence/setup.h"
#include "policy/policy.h"

#include <errno.h>

int cgfence_fence_attach(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			 unsigned int flags, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	struct fence_change change = {
		.id = cgfence_cgroup_id(cgroup), .cgroup = cgroup, .policy = policy, .flags = flags
	};
	int code;

	if (policy->except)
		return error_set_invalid(
			error,
			"the policy has exceptions (\"except\"), which are for a pattern; %s is one cgroup",
			cgfence_cgroup_path(cgroup));
	if (cgfence_cgroup_is_root(cgroup) && !(flags & CGFENCE_ATTACH_FORCE))
		return error_set(
			error, EPERM,
			"this is the root cgroup, and a mistake there locks the host out; use --force if that is what you want");
	code = fence_change_begin(&change, error);
	if (code == 0 && (flags & CGFENCE_ATTACH_NEW) && change.old.fenced)
		code = error_set(error, EEXIST, "it has a fence already");
	if (code == 0)
		code = fence_setup_refuse(cgroup, policy, flags, &change.old, error);
	if (code == 0)
		code = fence_change_make(&change, result, error);
	fence_change_end(&change);
	if (code)
		error_wrap(error, "cannot fence %s", cgfence_cgroup_path(cgroup));
	return code;
}
