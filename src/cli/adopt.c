// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/rules.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/adopt.h>
#include <errno.h>
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

/* An adopted fence has its policy already. */
static bool is_adopted(const struct cgfence_cgroup *cgroup)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	return cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, NULL) == 0 &&
	       cgfence_policy_adopts(cgfence_fence_policy(fence));
}

/* Versions of a runtime differ, so that the kernel is asked about both; the first answer is what is told. */
static int adopt_as_written(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_policy struct cgfence_policy *other = NULL;
	int result = rules_read_policy(cgroup, RULES_AS_WRITTEN, &policy, error);

	if (result == 0)
		result = adopt(cgroup, policy, error);
	if (result != -EPERM || rules_read_policy(cgroup, RULES_OF_OTHER_VERSION, &other, NULL))
		return result;
	return adopt(cgroup, other, NULL) ? result : 0;
}

static int run(const struct arguments *arguments)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };

	/* Nothing is opened before that, which would be taken for a standard input that is closed. */
	if ((with && cgfence_policy_read_file(with, &policy, &error)) ||
	    cgfence_cgroup_open(arguments->operands[0], &cgroup, &error))
		return output_failure(&error);
	if (with && strcmp(with, "-") != 0)
		output_warn_of_others(with);
	if (with || is_adopted(cgroup) ? adopt(cgroup, policy, &error)
				       : adopt_as_written(cgroup, &error))
		return output_failure(&error);
	return STATUS_DONE;
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
		"The rules are read where they are written: config.json of a container of runc or crun, or the unit of\n"
		"systemd. The kernel is asked whether they and the programs on the cgroup agree, on every device that\n"
		"either names, that exists here, and on a sample of the others. If they do, a fence with these rules is\n"
		"attached, and only then are the programs detached; they are kept, and release gives them back. From\n"
		"then on allow and revoke change what the running container may use. If they do not agree, or nothing\n"
		"can take the place of a program, nothing changes, and the first difference or the reason is told.",
	.example = "cgfence adopt /machine/web",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
