// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "report/handles.h"
#include "report/output.h"

static int run(const struct arguments *arguments)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	if (cgfence_policy_read_file(arguments->operands[0], &policy, &error))
		return output_failure(&error);
	output_say("%s is valid.", arguments->operands[0]);
	return STATUS_DONE;
}

const struct command command_check = {
	.name = "check",
	.synopsis = "POLICY.json|-",
	.summary = "validate a policy without touching anything",
	.description = "Devices that the policy names by path must exist on this host.",
	.example = "cgfence check policy.json",
	.operands_min = 1,
	.operands_max = 1,
	.usage_status = STATUS_INVALID,
	.run = run,
};
