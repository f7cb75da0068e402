// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/audit.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/run_cgroup.h"
#include "cli/spawn.h"
#include "report/handles.h"
#include "report/output.h"

static const char *policy_file;
static const char *name;
static bool audits;
static const char *report_file;
static bool fails;

static int run_audited(struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		       char *const *command, int *exit_status, struct cgfence_error *error)
{
	size_t refused = 0;
	int result = audit_run(cgroup, policy, command, report_file, policy_file, exit_status,
			       &refused, error);

	if (result == 0 && refused && fails)
		*exit_status = STATUS_NO;
	return result;
}

static int run_in(struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		  char *const *command, int *exit_status, struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	int result;

	if (audits)
		return run_audited(cgroup, policy, command, exit_status, error);
	result = cgfence_fence_attach(cgroup, policy, CGFENCE_ATTACH_EPHEMERAL, &attached, error);
	return result ? result : spawn_and_wait(cgroup, command, NULL, exit_status, error);
}

static int run(const struct arguments *arguments)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	int exit_status = STATUS_RUN_FAILED;

	if (!audits && (report_file || fails))
		return help_refuse_usage(&command_run, "--report and --fail need --audit");
	cgfence_fence_sweep_some();
	if (cgfence_policy_read_file(policy_file, &policy, &error) ||
	    (name && cgfence_policy_set_name(policy, name, &error)) ||
	    /* The fence is for the command, which ends before the mount namespace does. */
	    cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error) ||
	    run_cgroup_create(name, &cgroup, &error)) {
		output_failure(&error);
		return STATUS_RUN_FAILED;
	}
	if (run_in(cgroup, policy, arguments->operands, &exit_status, &error))
		output_failure(&error);
	run_cgroup_remove(cgroup);
	return exit_status;
}

static const struct command_option options[] = {
	{ 'p', "policy", "POLICY",
	  "the policy file, - for standard input; the embedded default policy if absent", NULL,
	  &policy_file },
	{ 'n', "name", "NAME",
	  "the name of the new cgroup, and the label of a policy that has none", NULL, &name },
	{ 0, "audit", NULL, "refuse nothing, and say what the policy would have refused", &audits,
	  NULL },
	{ 0, "report", "FILE",
	  "with --audit: write what was used, as JSON or, if FILE ends in .xml, as JUnit does",
	  NULL, &report_file },
	{ 0, "fail", NULL, "with --audit: exit with 3 if the policy would have refused anything",
	  &fails, NULL },
	{ 0 },
};

const struct command command_run = {
	.name = "run",
	.synopsis = "[-p POLICY] [-n NAME] [--audit [--report FILE] [--fail]] [--] CMD [ARG...]",
	.summary = "run a command in a new fenced cgroup",
	.description =
		"The command is fenced from its first instruction. Its cgroup is made below the current one and removed\n"
		"when the command ends, together with what it left running. Exits as the command did: 128+N if signal N\n"
		"ended it, 127 if it was not found, 126 if it could not be run, and 125 if cgfence failed. The command\n"
		"dies with cgfence. It gets the signals, the terminal and the sockets (LISTEN_FDS) that are meant for\n"
		"cgfence, but cannot type into the terminal (TIOCSTI). A message says if one of its processes left the\n"
		"cgroup, and with it the fence, as those of a container engine do. With --audit nothing is refused; what\n"
		"the policy would have refused is told, and the report has all devices and ports that were used, each with\n"
		"what the policy says of it.",
	.example = "cgfence run -p policy.json -- make test",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.runs_operands = true,
	.usage_status = STATUS_RUN_FAILED,
	.run = run,
};
