// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "fence/adopt.h"
#include "fence/foresee.h"
#include "fence/setup.h"
#include "kernel/pins.h"
#include "policy/policy.h"

#include <errno.h>

int cgfence_fence_attach(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			 unsigned int flags, enum cgfence_attach_result *result,
			 struct cgfence_error *error)
{
	struct fence_change change = {
		.id = cgfence_cgroup_id(cgroup), .cgroup = cgroup, .policy = policy, .flags = flags
	};
	bool fenced = pins_are_there(change.id);
	size_t taken;
	int code = 0;

	code = fence_foresee_attach(&change, error);
	if (code)
		return code;
	code = fence_change_begin(&change, error);
	if (code == 0 && (flags & CGFENCE_ATTACH_NEW) && change.old.fenced)
		code = error_set(error, EEXIST, "it has a fence already");
	if (code == 0 && fenced)
		code = fence_setup_refuse(cgroup, policy, flags, &change.old, error);
	if (code == 0)
		code = policy->adopt ? fence_adopt_make(&change, result, &taken, error)
				     : fence_adopt_undo(&change, result, error);
	fence_change_end(&change);
	if (code)
		error_wrap(error, "cannot fence %s", cgfence_cgroup_path(cgroup));
	return code;
}
