// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/spawn.h"
#include "report/handles.h"
#include "report/output.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *policy_file;
static const char *name;

/* The new cgroup is below that of this process, so that the limits there hold for the command too. */
static int create_cgroup(struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *own = NULL;
	char default_name[32];
	char self[32];
	int result;

	snprintf(self, sizeof(self), "pid:%d", getpid());
	snprintf(default_name, sizeof(default_name), "cgfence-run-%d", getpid());
	result = cgfence_cgroup_open(self, &own, error);
	if (result)
		return result;
	result = cgfence_cgroup_create(own, name ? name : default_name, cgroup, error);
	if (result)
		return result;
	/* Tells a later command that the cgroup is not abandoned; the kernel drops the lock if this process dies. */
	flock(cgfence_cgroup_fd(*cgroup), LOCK_EX | LOCK_NB);
	return 0;
}

static int run_in(struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		  char *const *command, int *exit_status, struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	int result =
		cgfence_fence_attach(cgroup, policy, CGFENCE_ATTACH_EPHEMERAL, &attached, error);

	return result ? result : spawn_and_wait(cgroup, command, exit_status, error);
}

/* The fence stays until the cgroup is empty. */
static void clean_up(struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached;

	if (cgfence_cgroup_remove(cgroup, &error) ||
	    cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error))
		output_failure(&error);
}

static int run(const struct arguments *arguments)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	int exit_status = STATUS_RUN_FAILED;

	cgfence_fence_sweep_some();
	if (cgfence_policy_read_file(policy_file, &policy, &error) ||
	    (name && cgfence_policy_set_name(policy, name, &error)) ||
	    /* The fence is for the command, which ends before the mount namespace does. */
	    cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error) || create_cgroup(&cgroup, &error)) {
		output_failure(&error);
		return STATUS_RUN_FAILED;
	}
	if (run_in(cgroup, policy, arguments->operands, &exit_status, &error))
		output_failure(&error);
	clean_up(cgroup);
	return exit_status;
}

static const struct command_option options[] = {
	{ 'p', "policy", "POLICY",
	  "the policy file, - for standard input; the embedded default policy if absent", NULL,
	  &policy_file },
	{ 'n', "name", "NAME",
	  "the name of the new cgroup, and the label of a policy that has none", NULL, &name },
	{ 0 },
};

const struct command command_run = {
	.name = "run",
	.synopsis = "[-p POLICY] [-n NAME] [--] CMD [ARG...]",
	.summary = "run a command in a new fenced cgroup",
	.description =
		"The command is fenced from its first instruction. Its cgroup is made below the current one and removed\n"
		"when the command ends, together with what it left running. Exits as the command did: 128+N if signal N\n"
		"ended it, 127 if it was not found, 126 if it could not be run, and 125 if cgfence failed. The command\n"
		"dies with cgfence. It gets the signals, the terminal and the sockets (LISTEN_FDS) that are meant for\n"
		"cgfence, but cannot type into the terminal (TIOCSTI). A message says if one of its processes left the\n"
		"cgroup, and with it the fence, as those of a container engine do.",
	.example = "cgfence run -p policy.json -- make test",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.runs_operands = true,
	.usage_status = STATUS_RUN_FAILED,
	.run = run,
};
