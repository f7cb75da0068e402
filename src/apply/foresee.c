// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/foresee.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"

#include <cgfence/standing.h>
#include <string.h>

unsigned int apply_attach_flags(const struct apply_step *step)
{
	return step->fence && step->fence->ephemeral ? CGFENCE_ATTACH_EPHEMERAL : 0;
}

static int foresee_cgroup(const struct apply_step *step, struct cgfence_error *reason)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = cgroup_open_any_id(step->step.id, &cgroup, reason);

	if (result == 0)
		result = cgfence_fence_foresee(cgroup, step->source->policy,
					       apply_attach_flags(step), reason);
	/* One that was removed meanwhile is no failure of the step either. */
	return result == -ENOENT ? 0 : result;
}

static int foresee(const struct apply_step *step, struct cgfence_error *reason)
{
	if (step->step.action != CGFENCE_APPLY_ATTACH && step->step.action != CGFENCE_APPLY_REPLACE)
		return 0;
	yield_now();
	return cgfence_standing_is_id(step->step.id)
		       ? cgfence_standing_foresee(step->step.cgroup, step->source->policy, 0,
						  reason)
		       : foresee_cgroup(step, reason);
}

int apply_foresee(struct apply_step *steps, size_t count, struct cgfence_error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct cgfence_error reason = { 0 };

		if (foresee(&steps[i], &reason) == 0)
			continue;
		steps[i].reason = strdup(reason.text);
		if (!steps[i].reason)
			return error_out_of_memory(error);
		steps[i].step.action = CGFENCE_APPLY_FAIL;
		steps[i].step.reason = steps[i].reason;
	}
	return 0;
}
