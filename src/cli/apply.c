// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "cli/beside.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/patience.h"
#include "report/output.h"

#include <cgfence/apply.h>
#include <cgfence/standing.h>
#include <errno.h>

static bool prune;
static bool dry_run;
static bool private;
static bool strict;
static bool json;

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

static int complain_of(const struct cgfence_apply_step *step)
{
	output_complain("%s", step->reason);
	return STATUS_FAILED;
}

static int print_replacement(const struct cgfence_apply_step *step)
{
	struct cgfence_error error = { 0 };
	cleanup_free char *diff = NULL;

	if (!step->old_text) {
		output_say("replace %s: its policy cannot be read", step->cgroup);
		return STATUS_DONE;
	}
	if (cgfence_apply_plan_diff(step, &diff, &error))
		return output_failure(&error);
	output_say(*diff ? "replace %s" : "replace %s: a killed command left it half changed",
		   step->cgroup);
	output_lines(diff);
	return STATUS_DONE;
}

static int print_step(const struct cgfence_apply_step *step)
{
	switch (step->action) {
	case CGFENCE_APPLY_ATTACH:
		output_say(cgfence_standing_is_id(step->id) ? "attach --standing %s" : "attach %s",
			   step->cgroup);
		break;
	case CGFENCE_APPLY_REPLACE:
		return print_replacement(step);
	case CGFENCE_APPLY_KEEP:
		output_say("keep %s", step->cgroup);
		break;
	case CGFENCE_APPLY_DETACH:
		output_say("detach %s", step->cgroup);
		break;
	case CGFENCE_APPLY_NOTHING:
		say_unmatched(step);
		break;
	case CGFENCE_APPLY_FAIL:
		return complain_of(step);
	}
	return STATUS_DONE;
}

static int print_plan(const struct cgfence_apply_plan *plan)
{
	const struct cgfence_apply_step *step;
	int status = STATUS_DONE;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)); i++) {
		if (print_step(step) != STATUS_DONE)
			status = STATUS_FAILED;
	}
	return status;
}

/* Return: NULL with @error. */
static json_t *step_json(const struct cgfence_apply_step *step, struct cgfence_error *error)
{
	static const char *const actions[] = {
		[CGFENCE_APPLY_ATTACH] = "attach", [CGFENCE_APPLY_REPLACE] = "replace",
		[CGFENCE_APPLY_KEEP] = "keep",	   [CGFENCE_APPLY_DETACH] = "detach",
		[CGFENCE_APPLY_NOTHING] = "none",  [CGFENCE_APPLY_FAIL] = "fail",
	};
	cleanup_free char *changes = NULL;
	json_t *object;

	if (cgfence_apply_plan_diff_json(step, &changes, error))
		return NULL;
	object = json_pack("{s:s, s:o, s:b, s:o, s:o}", "action", actions[step->action], "cgroup",
			   output_json_string(step->cgroup), "standing",
			   cgfence_standing_is_id(step->id), "file",
			   step->origin ? output_json_string(step->origin) : json_null(), "changes",
			   json_loads(changes, 0, NULL));
	if (step->reason)
		json_object_set_new(object, "reason", output_json_string(step->reason));
	return object;
}

static int print_plan_json(const struct cgfence_apply_plan *plan)
{
	const struct cgfence_apply_step *step;
	struct cgfence_error error = { 0 };
	json_t *steps = json_array();
	int status = STATUS_DONE;
	int printed;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)); i++) {
		json_t *object = step_json(step, &error);

		if (!object) {
			json_decref(steps);
			return output_failure(&error);
		}
		json_array_append_new(steps, object);
		if (step->action == CGFENCE_APPLY_FAIL)
			status = STATUS_FAILED;
	}
	printed = output_json(json_pack("{s:o}", "steps", steps));
	return printed ? printed : status;
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
	else if (step->action == CGFENCE_APPLY_ATTACH && cgfence_standing_is_id(step->id))
		output_say("Fenced every cgroup of the name %s.", step->cgroup);
	else
		output_say(sentences[step->action], step->cgroup);
}

/* Return: 0, -EAGAIN without a message, or another failure. */
static int act_on(const struct cgfence_apply_plan *plan, size_t index, struct cgfence_error *error)
{
	const struct cgfence_apply_step *step = cgfence_apply_plan_step(plan, index);
	bool gone = false;
	int result = cgfence_apply_plan_act(plan, index, &gone, error);

	if (result == -EAGAIN)
		return result;
	if (result)
		output_failure(error);
	else if (gone)
		output_say("%s was removed meanwhile.", step->cgroup);
	else
		say_done(step);
	if (result == 0 && step->id && step->action != CGFENCE_APPLY_DETACH)
		beside_complain(step->id);
	return result;
}

/* The patience is for all that were put off together. */
static int act_again(const struct cgfence_apply_plan *plan, size_t index, struct patience *patience)
{
	struct cgfence_error error = { 0 };
	int result;

	do {
		result = act_on(plan, index, &error);
	} while (patience_wait(patience, result, &error));
	if (result == -EAGAIN)
		output_failure(&error);
	return result;
}

/* A failure for one cgroup does not stop the others, and neither does one that has to wait. */
static int act(const struct cgfence_apply_plan *plan)
{
	struct patience patience = { 0 };
	cleanup_free bool *put_off = NULL;
	size_t count = 0;
	int status = STATUS_DONE;

	while (cgfence_apply_plan_step(plan, count))
		count++;
	put_off = calloc(count + 1, sizeof(*put_off));
	if (!put_off) {
		output_complain("out of memory");
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		struct cgfence_error error = { 0 };
		int result = act_on(plan, i, &error);

		put_off[i] = result == -EAGAIN;
		if (result && !put_off[i])
			status = STATUS_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		if (put_off[i] && act_again(plan, i, &patience))
			status = STATUS_FAILED;
	}
	return status;
}

/* With --strict: is there anything that would fail? */
static bool refuse_failures(const struct cgfence_apply_plan *plan)
{
	const struct cgfence_apply_step *step;
	bool any = false;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)); i++) {
		if (step->action != CGFENCE_APPLY_FAIL)
			continue;
		complain_of(step);
		any = true;
	}
	return any;
}

/* Of a host that has policies for containers alone. */
static int say_nothing_to_do(const char *directory)
{
	if (json)
		return output_json(json_pack("{s:[]}", "steps"));
	output_say("No policy in %s names a cgroup; nothing %s.", directory,
		   dry_run ? "would change" : "changed");
	return STATUS_DONE;
}

static int run(const struct arguments *arguments)
{
	__attribute__((cleanup(cleanup_free_policies))) struct cgfence_policy_set *policies = NULL;
	__attribute__((cleanup(cleanup_free_plan))) struct cgfence_apply_plan *plan = NULL;
	struct cgfence_error error = { 0 };
	const char *path = arguments->operands[0];
	unsigned int flags = (prune ? CGFENCE_APPLY_PRUNE : 0) |
			     (strict || dry_run ? CGFENCE_APPLY_FORESEE : 0);
	int result;

	if (json && !dry_run)
		return help_refuse_usage(&command_apply, "--json requires --dry-run");
	output_outlive_reader();
	if (private && !dry_run && cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error))
		return output_failure(&error);
	if (!dry_run)
		cgfence_fence_sweep();
	result = cgfence_policy_set_read(path, CGFENCE_POLICY_SET_UNRESOLVED_OK, &policies, &error);
	/* Pruning would take all fences away. */
	if (result == -ENODATA && !prune)
		return say_nothing_to_do(path);
	if (result || cgfence_apply_plan_make(policies, flags, &plan, &error))
		return output_failure(&error);
	for (size_t i = 0; cgfence_policy_set_origin(policies, i); i++)
		output_warn_of_others(cgfence_policy_set_origin(policies, i));
	if (strict && refuse_failures(plan))
		return STATUS_FAILED;
	if (!dry_run)
		return act(plan);
	return json ? print_plan_json(plan) : print_plan(plan);
}

static const struct command_option options[] = {
	{ 0, "prune", NULL, "detach the fences that no policy names", &prune, NULL },
	{ 0, "dry-run", NULL, "print the plan and change nothing", &dry_run, NULL },
	{ 0, "private", NULL,
	  "mount a bpffs even where it, and the fences, end with the mount namespace", &private,
	  NULL },
	{ 0, "strict", NULL, "change nothing if any policy cannot be applied", &strict, NULL },
	COMMAND_OPTION_JSON(json, "the plan as one JSON object"),
	{ 0 },
};

const struct command command_apply = {
	.name = "apply",
	.synopsis = "[--prune] [--strict] [--private] [--dry-run] [-j] POLICY.json|DIR|-",
	.summary = "make the fences match the policy files",
	.description =
		"Each policy names its cgroup in its key \"cgroup\", or several by a pattern such as\n"
		"system.slice/web-*.service. Of a directory, all files that end in .json are read, and those that name no\n"
		"cgroup are passed over. A pattern, and a name that no cgroup has yet, gets a standing fence, for cgroups\n"
		"that are there and later ones. Fences are attached and replaced, and those that have their policy already\n"
		"are left alone. If one policy is invalid, nothing changes. A policy that names a device that this host does\n"
		"not have now fails alone: it is reported, the others are applied, and the exit status is 1. So does one for a\n"
		"cgroup that cannot be fenced, such as for a program of others that excludes all others. With --strict, nothing\n"
		"changes then either.\n"
		"A cgroup may have a policy of its own and be matched by patterns of others: all of them hold.\n"
		"--prune takes standing fences too, whoever made them, but not the fences of commands that 'run' runs.",
	.example = "cgfence apply --prune --dry-run /etc/cgfence",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
