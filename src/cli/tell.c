// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/tell.h"
#include "report/output.h"

#include <cgfence/adopt.h>
#include <cgfence/node.h>

/* systemd has attached its program anew by now. */
static void take_place_again(const struct cgfence_cgroup *cgroup, const char *unit)
{
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	if (cgfence_fence_adopt(cgroup, NULL, &taken, &error))
		output_complain("the program of %s stays beside the fence, and both decide: %s",
				unit, error.text);
}

void tell_systemd(const struct named_fence *named, const struct cgfence_edit *edit)
{
	struct cgfence_unit_answer answer = { 0 };
	struct cgfence_error error = { 0 };

	if (cgfence_standing_is_id(named->id) ||
	    !cgfence_policy_adopts(cgfence_fence_policy(named->fence)))
		return;
	if (cgfence_unit_tell(named->cgroup, edit, &answer, &error)) {
		output_complain(
			"systemd was not told, so its own program will not agree once it attaches that anew: %s",
			error.text);
		return;
	}
	if (answer.changed) {
		output_say("Told systemd: DeviceAllow= of %s, until the next boot.", answer.unit);
		take_place_again(named->cgroup, answer.unit);
	}
	if (*answer.rest)
		output_complain("DeviceAllow= of %s cannot say the same: %s", answer.unit,
				answer.rest);
}
