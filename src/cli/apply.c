// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "report/output.h"
#include "base/cleanup.h"

#include <cgfence/apply.h>

static bool prune;
static bool dry_run;

static void cleanup_free_plan(struct cgfence_apply_plan **plan)
{
	cgfence_apply_plan_free(*plan);
}

static void cleanup_free_policies(struct cgfence_policy_set **policies)
{
	cgfence_policy_set_free(*policies);
}

static void say_unmatched(const struct cgfence_apply_step *step)
{
	output_say("No cgroup matches '%s' of %s.", step->cgroup, step->origin);
}

static int print_changes(const struct cgfence_apply_step *step)
{
	struct cgfence_error error = { 0 };
	cleanup_free char *diff = NULL;

	printf("replace %s", step->cgroup);
	if (!step->old_text) {
		printf(": its policy cannot be read\n");
		return STATUS_DONE;
	}
	if (cgfence_apply_plan_diff(step, &diff, &error))
		return output_failure(&error);
	printf(*diff ? "\n%s" : ": a command that was killed left it half changed\n%s", diff);
	return STATUS_DONE;
}

static int print_step(const struct cgfence_apply_step *step)
{
	switch (step->action) {
	case CGFENCE_APPLY_ATTACH:
		printf("attach %s\n", step->cgroup);
		break;
	case CGFENCE_APPLY_REPLACE:
		return print_changes(step);
	case CGFENCE_APPLY_KEEP:
		printf("keep %s\n", step->cgroup);
		break;
	case CGFENCE_APPLY_DETACH:
		printf("detach %s\n", step->cgroup);
		break;
	case CGFENCE_APPLY_NOTHING:
		say_unmatched(step);
		break;
	}
	return STATUS_DONE;
}

static int print_plan(const struct cgfence_apply_plan *plan)
{
	const struct cgfence_apply_step *step;
	int status = STATUS_DONE;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)) && status == STATUS_DONE; i++)
		status = print_step(step);
	return status;
}

static void say_done(const struct cgfence_apply_step *step)
{
	static const char *const sentences[] = {
		[CGFENCE_APPLY_ATTACH] = "Fenced %s.",
		[CGFENCE_APPLY_REPLACE] = "Replaced the policy of %s.",
		[CGFENCE_APPLY_KEEP] = "%s has its policy already; nothing changed.",
		[CGFENCE_APPLY_DETACH] = "Detached the fence of %s.",
	};

	if (step->action == CGFENCE_APPLY_NOTHING)
		say_unmatched(step);
	else
		output_say(sentences[step->action], step->cgroup);
}

/* What fails for one cgroup is done for the others all the same. */
static int act(const struct cgfence_apply_plan *plan)
{
	const struct cgfence_apply_step *step;
	int status = STATUS_DONE;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)); i++) {
		struct cgfence_error error = { 0 };
		bool gone = false;

		if (cgfence_apply_plan_act(plan, i, &gone, &error)) {
			output_failure(&error);
			status = STATUS_FAILED;
		} else if (gone) {
			output_say("%s was removed meanwhile.", step->cgroup);
		} else {
			say_done(step);
		}
	}
	return status;
}

static int run(const struct arguments *arguments)
{
	__attribute__((cleanup(cleanup_free_policies))) struct cgfence_policy_set *policies = NULL;
	__attribute__((cleanup(cleanup_free_plan))) struct cgfence_apply_plan *plan = NULL;
	struct cgfence_error error = { 0 };

	if (!dry_run)
		cgfence_fence_sweep();
	if (cgfence_policy_set_read(arguments->operands[0], 0, &policies, &error) ||
	    cgfence_apply_plan_make(policies, prune ? CGFENCE_APPLY_PRUNE : 0, &plan, &error))
		return output_failure(&error);
	return dry_run ? print_plan(plan) : act(plan);
}

static const struct command_option options[] = {
	{ 0, "prune", NULL, "detach the fences that no policy names", &prune, NULL },
	{ 0, "dry-run", NULL, "print the plan and change nothing", &dry_run, NULL },
	{ 0 },
};

const struct command command_apply = {
	.name = "apply",
	.synopsis = "[--prune] [--dry-run] POLICY.json|DIR",
	.summary = "make the fences be what policies say",
	.description =
		"Each policy names its cgroup, or several by a glob such as system.slice/web-*.service, in its key\n"
		"\"cgroup\". Of a directory all files are read that end in .json. Fences are attached and replaced,\n"
		"and those that have their policy already are left alone. If one policy is invalid, nothing changes.\n"
		"Where a policy names a cgroup plainly and another by a glob, the plain one holds. The fences of\n"
		"commands that 'run' runs are not pruned.",
	.example = "cgfence apply --prune --dry-run /etc/cgfence",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
