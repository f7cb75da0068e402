// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "output.h"
#include "../cgroup.h"
#include "../policy.h"

static int run(const struct arguments *arguments)
{
	static const char *const sentences[] = {
		[CGFENCE_ATTACHED] = "Fenced %s.\n",
		[CGFENCE_REPLACED] = "Replaced the policy of %s.\n",
		[CGFENCE_UNCHANGED] = "%s has this policy already; nothing changed.\n",
	};
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;

	if (cgfence_policy_read_file(arguments->operands[1], &policy, &error) ||
	    cgfence_cgroup_open(arguments->operands[0], &cgroup, &error) ||
	    cgfence_fence_attach(cgroup, policy, arguments->force ? CGFENCE_ATTACH_FORCE : 0,
				 &result, &error))
		return output_failure(&error);
	printf(sentences[result], cgfence_cgroup_path(cgroup));
	return STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "force", NULL, "fence even the root cgroup", offsetof(struct arguments, force) },
	{ 0 },
};

const struct command command_attach = {
	.name = "attach",
	.synopsis = "[--force] CGROUP [POLICY.json|-]",
	.summary = "fence a cgroup, or replace its policy",
	.description =
		"The policy holds for the cgroup and all below it as soon as the command returns, and until detach\n"
		"or the removal of the cgroup; no process needs to stay. Without a file the embedded default policy\n"
		"is used, which allows the 14 devices that Mesos allows. If anything is wrong, nothing changes.",
	.example = "cgfence attach /machine/web policy.json",
	.options = options,
	.operands_min = 1,
	.operands_max = 2,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
