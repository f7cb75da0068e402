// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/adopt.h>
#include <string.h>

static const char *with;

static int adopt(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		 struct cgfence_error *error)
{
	size_t taken = 0;
	int result = cgfence_fence_adopt(cgroup, policy, &taken, error);

	if (result)
		return result;
	if (taken)
		output_say("Took the place of %zu program%s of others on %s.", taken,
			   taken == 1 ? "" : "s", cgfence_cgroup_path(cgroup));
	else
		output_say("%s is adopted already; nothing changed.", cgfence_cgroup_path(cgroup));
	return 0;
}

static int run(const struct arguments *arguments)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_open(arguments->operands[0], &cgroup, &error) ||
	    (with && cgfence_policy_read_file(with, &policy, &error)))
		return output_failure(&error);
	if (with && strcmp(with, "-") != 0)
		output_warn_of_others(with);
	return adopt(cgroup, policy, &error) ? output_failure(&error) : STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "with", "POLICY", "take this policy instead of the rules of the program's owner", NULL,
	  &with },
	{ 0 },
};

const struct command command_adopt = {
	.name = "adopt",
	.synopsis = "[--with POLICY.json] CGROUP",
	.summary = "take the place of the device programs of others",
	.description =
		"The kernel is asked whether the policy and the programs on the cgroup agree, on every device that either\n"
		"names, that exists here, and on a sample of the others. If they do, a fence with this policy is attached,\n"
		"and only then are the programs detached; they are kept, and release gives them back. From then on allow\n"
		"and revoke change what a running container may use. If they do not agree, or a program was attached so\n"
		"that nothing can take its place, nothing changes.",
	.example = "cgfence adopt --with policy.json /machine/web",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
