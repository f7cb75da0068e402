// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/privilege.h"
#include "cli/command.h"
#include "base/duration.h"
#include "cli/help.h"
#include "cli/learner.h"
#include "cli/run_cgroup.h"
#include "cli/source.h"
#include "cli/spawn.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <cgfence/watch.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>

#define TICK_MS 50

static const char *duration;
static const char *merged;

/* ---- what came of it ---- */

static void say_remark(const char *text, void *context)
{
	(void)context;
	output_complain("%s", text);
}

static void say_learnt(const struct cgfence_learnt *learnt, void *context)
{
	char first[OUTPUT_TIME_SIZE];
	char last[OUTPUT_TIME_SIZE];

	(void)context;
	output_time(learnt->first_ns, first);
	output_time(learnt->last_ns, last);
	output_complain("%s %s: %llu request%s of %s, the last of process %u; first %s, last %s",
			learnt->allowed ? "known" : "new", learnt->what,
			(unsigned long long)learnt->count, learnt->count == 1 ? "" : "s",
			*learnt->who ? learnt->who : "processes that this kernel does not name",
			learnt->pid, first, last);
}

static int print_policy(const struct learner *learner, struct cgfence_error *error)
{
	static const struct cgfence_lesson_listener listener = { say_learnt, say_remark, NULL };
	struct cgfence_import_source earlier = { 0 };
	cleanup_free char *text = NULL;
	size_t added = 0;
	int result = merged ? source_read(merged, &earlier, error) : 0;

	if (result == 0)
		result = cgfence_lesson_write(learner->lesson, earlier.text, earlier.length,
					      earlier.name, &listener, &text, &added, error);
	source_free(&earlier);
	if (result)
		return result;
	if (merged && !added)
		output_complain("nothing was new: %s has all that was used", merged);
	else if (!cgfence_lesson_count(learner->lesson))
		output_complain("no device and no port was used");
	return output_json(json_loads(text, 0, NULL)) == STATUS_DONE ? 0 : -EIO;
}

/*
 * Faults are told before anything runs. What the policy judges is what is learnt, such as the ports of all network
 * namespaces. @policy: receives it, to be given to cgfence_policy_free(); NULL if there is none
 */
static int read_merged(struct cgfence_policy **policy, struct cgfence_error *error)
{
	if (merged && strcmp(merged, "-") == 0)
		return error_set_invalid(error, "--merge takes a file, not standard input");
	return merged ? cgfence_policy_read_file(merged, policy, error) : 0;
}

/* ---- a command ---- */

static int learn_command(char *const *command, struct cgfence_cgroup *cgroup,
			 const struct cgfence_policy *model, int *exit_status,
			 struct cgfence_error *error)
{
	cleanup_learner struct learner learner = { 0 };
	bool executed = false;
	const struct spawn_options options = {
		.tick = learner_tick,
		.context = &learner,
		.output_to_errors = true,
		.executed = &executed,
	};
	int result = learner_begin(NULL, cgroup, model, CGFENCE_ATTACH_EPHEMERAL, &learner, error);

	if (result == 0)
		result = spawn_and_wait(cgroup, command, &options, exit_status, error);
	if (result || !executed)
		return result;
	result = learner_finish(&learner, error);
	return result ? result : print_policy(&learner, error);
}

static int run_command(char *const *command)
{
	cleanup_policy struct cgfence_policy *model = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	int exit_status = STATUS_RUN_FAILED;

	if (!privilege_has_admin())
		return help_refuse_privilege(command_learn.name, STATUS_RUN_FAILED);
	cgfence_fence_sweep_some();
	if (read_merged(&model, &error) || cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error) ||
	    run_cgroup_create(NULL, &cgroup, &error)) {
		output_failure(&error);
		return STATUS_RUN_FAILED;
	}
	if (learn_command(command, cgroup, model, &exit_status, &error)) {
		if (*error.text)
			output_failure(&error);
		exit_status = STATUS_RUN_FAILED;
	}
	run_cgroup_remove(cgroup);
	return exit_status;
}

/* ---- cgroups that are there, or come ---- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool is_gone(const struct cgfence_cgroup *cgroup)
{
	cleanup_cgroup struct cgfence_cgroup *same = NULL;

	return cgroup && cgfence_cgroup_open_id(cgfence_cgroup_id(cgroup), &same, NULL) == -ENOENT;
}

/* Until a signal comes, the time is over, or the cgroup is removed. */
static void wait_for_end(struct learner *learner, const struct cgfence_cgroup *cgroup,
			 uint64_t duration_ns, int signals)
{
	uint64_t end_ns = duration_ns ? boot_time_ns() + duration_ns : UINT64_MAX;
	struct pollfd source = { signals, POLLIN, 0 };

	do
		learner_tick(learner);
	while (poll(&source, 1, TICK_MS) <= 0 && boot_time_ns() < end_ns && !is_gone(cgroup) &&
	       !*learner->error.text);
}

/* Even of the root, since nothing is refused. */
static int learn_cgroup(const char *name, const struct cgfence_cgroup *cgroup,
			const struct cgfence_policy *model, uint64_t duration_ns,
			struct cgfence_error *error)
{
	/* From before there is a fence that would stay. */
	cleanup_close int signals = open_signals();
	cleanup_learner struct learner learner = { 0 };
	int result = learner_begin(cgroup ? NULL : name, cgroup, model, CGFENCE_ATTACH_FORCE,
				   &learner, error);
	int ended;

	if (result == 0) {
		output_complain("learning of %s%s", name,
				duration ? "" : "; end it with Ctrl-C or SIGTERM");
		wait_for_end(&learner, cgroup, duration_ns, signals);
		result = learner_finish(&learner, error);
	}
	ended = learner_end(&learner, result ? NULL : error);
	if (result == 0)
		result = ended;
	return result ? result : print_policy(&learner, error);
}

/* Tells other commands that the fence is in use; the kernel drops the lock if this process dies, and they detach it. */
static int open_held(const char *name, bool is_pattern, struct cgfence_cgroup **cgroup,
		     struct cgfence_error *error)
{
	int result = is_pattern ? cgfence_standing_anchor(name, cgroup, error)
				: cgfence_cgroup_open(name, cgroup, error);

	if (result == 0)
		flock(cgfence_cgroup_fd(*cgroup), LOCK_SH | LOCK_NB);
	return result;
}

static int run_cgroup(const char *name)
{
	cleanup_policy struct cgfence_policy *model = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	bool is_pattern = cgfence_standing_is_pattern(name);
	struct cgfence_error error = { 0 };
	uint64_t duration_ns = 0;

	if (duration && duration_parse(duration, &duration_ns))
		return help_refuse_usage(&command_learn,
					 "'%s' is no duration from 100ms to 24h, such as 30s",
					 duration);
	if (!privilege_has_admin())
		return help_refuse_privilege(command_learn.name, STATUS_FAILED);
	cgfence_fence_sweep_some();
	if (read_merged(&model, &error) || open_held(name, is_pattern, &cgroup, &error) ||
	    learn_cgroup(name, is_pattern ? NULL : cgroup, model, duration_ns, &error))
		return *error.text ? output_failure(&error) : STATUS_FAILED;
	return STATUS_DONE;
}

/* Options may follow the cgroup, as in `learn CGROUP --for 10m`; a command stands behind "--". */
static int run(const struct arguments *arguments)
{
	if (strcmp(arguments->operands[-1], "--") == 0) {
		if (duration)
			return help_refuse_usage(&command_learn,
						 "--for is for a cgroup; a command ends by itself");
		return run_command(arguments->operands);
	}
	if (arguments->operand_count > 1)
		return help_refuse_usage(&command_learn,
					 "give one cgroup, or '--' before a command");
	return run_cgroup(arguments->operands[0]);
}

static const struct command_option options[] = {
	{ 0, "for", "D", "for how long, such as 10m; until interrupted if absent", NULL,
	  &duration },
	{ 0, "merge", "POLICY", "add to this policy what it does not allow yet", NULL, &merged },
	{ 0 },
};

const struct command command_learn = {
	.name = "learn",
	.synopsis = "[--for D] [--merge POLICY] CGROUP|PATTERN\n[--merge POLICY] -- CMD [ARG...]",
	.summary = "make a policy of what a command or a cgroup uses",
	.description =
		"Fences the cgroup, or runs the command, in a mode in which nothing is refused, and prints the policy that\n"
		"allows what was used: devices by path where that stays the same, terminals by their driver, ports except\n"
		"those that the kernel chose. Each entry is told on standard error, with how often, by whom, and when. The\n"
		"policy refuses nothing of the same again, and what was not used. No request is lost, however many there\n"
		"are. A PATTERN is for all cgroups of such names, now and later; what a container runtime or systemd does\n"
		"there before it executes the program is not taken for the program's. A cgroup must have no fence of its\n"
		"own. The command is run as 'cgfence run' does, with the same exit status, and what it prints goes to\n"
		"standard error.",
	.example = "cgfence learn -- make > make.json",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.needs_admin = false,
	.usage_status = STATUS_INVALID,
	.run = run,
};
