// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/violation.h"

static bool force;

static void print_excess(const struct cgfence_violation *violation, void *context)
{
	const char *member = violation->member ? violation->member : "a cgroup that is gone";
	char socket[VIOLATION_SOCKET_SIZE];

	(void)context;
	violation_format_socket(violation, socket);
	if (violation->pid)
		output_complain("%s is in excess already, held by process %u (%s) in %s: %s",
				socket, violation->pid, violation->comm, member, violation->reason);
	else
		output_complain("%s is in excess already, made in %s: %s", socket, member,
				violation->reason);
}

/* That they could not be looked for leaves the fence as it is. */
static void report_excess(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };

	if (cgfence_fence_report_excess(cgfence_cgroup_id(cgroup), print_excess, NULL, &error))
		output_complain("cannot look for listeners that are in excess already: %s",
				error.text);
}

static int run(const struct arguments *arguments)
{
	static const char *const sentences[] = {
		[CGFENCE_ATTACHED] = "Fenced %s.",
		[CGFENCE_REPLACED] = "Replaced the policy of %s.",
		[CGFENCE_UNCHANGED] = "%s has this policy already; nothing changed.",
	};
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;

	if (cgfence_policy_read_file(arguments->operands[1], &policy, &error) ||
	    cgfence_cgroup_open(arguments->operands[0], &cgroup, &error) ||
	    cgfence_fence_attach(cgroup, policy, force ? CGFENCE_ATTACH_FORCE : 0, &result, &error))
		return output_failure(&error);
	output_say(sentences[result], cgfence_cgroup_path(cgroup));
	fflush(stdout);
	report_excess(cgroup);
	return STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "force", NULL, "fence even the root cgroup", &force, NULL },
	{ 0 },
};

const struct command command_attach = {
	.name = "attach",
	.synopsis = "[--force] CGROUP [POLICY.json|-]",
	.summary = "fence a cgroup, or replace its policy",
	.description =
		"The policy holds for the cgroup and all below it as soon as the command returns, and until detach\n"
		"or the removal of the cgroup; no process needs to stay. Without a file the embedded default policy\n"
		"is used, which allows the 14 devices that Mesos allows. If anything is wrong, nothing changes.\n"
		"Listeners that are in excess already are reported, and left to reconcile and watch.",
	.example = "cgfence attach /machine/web policy.json",
	.options = options,
	.operands_min = 1,
	.operands_max = 2,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
