// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/adopt.h>

static int run(const struct arguments *arguments)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	size_t given_back = 0;
	bool released = false;

	cgfence_fence_sweep_some();
	if (cgfence_cgroup_open(arguments->operands[0], &cgroup, &error) ||
	    cgfence_fence_release(cgroup, &released, &given_back, &error) ||
	    (!released && cgfence_fence_check_hidden(cgroup, &error)))
		return output_failure(&error);
	if (released)
		output_say("Gave %zu program%s back and detached the fence of %s.", given_back,
			   given_back == 1 ? "" : "s", cgfence_cgroup_path(cgroup));
	else
		output_say("%s has no fence of its own; nothing changed.",
			   cgfence_cgroup_path(cgroup));
	return STATUS_DONE;
}

const struct command command_release = {
	.name = "release",
	.synopsis = "CGROUP",
	.summary = "give back the programs whose place an adopted fence took",
	.description =
		"Exactly the programs that adopt has kept are attached again, with the flags and in the order that they\n"
		"had, and then the fence is detached. What allow and revoke changed meanwhile ends with it. A cgroup\n"
		"without a fence is no error; one whose fence is not adopted is.",
	.example = "cgfence release /machine/web",
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
