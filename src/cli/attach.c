// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/activation.h"
#include "cli/beside.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/job_ports.h"
#include "cli/patience.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/violation.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <string.h>

static bool force;
static bool use_default;
static bool dry_run;
static bool private;
static bool standing;
static const char *tcp_ports;
static const char *udp_ports;
static const char *variables;

static void print_excess(const struct cgfence_violation *violation, void *context)
{
	const char *member = violation->member ? violation->member : "a cgroup that is gone";
	char socket[VIOLATION_SOCKET_SIZE];

	(void)context;
	if (violation->rest) {
		output_complain("%zu more listeners in %s are in excess already", violation->rest,
				violation->cgroup);
		return;
	}
	violation_format_socket(violation, socket);
	if (violation->pid)
		output_complain("%s is in excess already, held by process %u (%s) in %s: %s",
				socket, violation->pid, violation->comm, member, violation->reason);
	else
		output_complain("%s is in excess already, made in %s: %s", socket, member,
				violation->reason);
}

/* A failed search for listeners leaves the fence in place. */
static void report_excess(uint64_t id)
{
	struct cgfence_error error = { 0 };

	if (cgfence_fence_report_excess(id, print_excess, NULL, &error))
		output_complain("cannot look for listeners that are in excess already: %s",
				error.text);
}

static int read_policy(const char *path, struct cgfence_policy **policy,
		       struct cgfence_error *error)
{
	int result = cgfence_policy_read_file(path, policy, error);

	if (result == 0 && path && strcmp(path, "-") != 0)
		output_warn_of_others(path);
	if (result == 0 && tcp_ports)
		result = cgfence_policy_add_ports(*policy, "tcp", tcp_ports, error);
	if (result == 0 && udp_ports)
		result = cgfence_policy_add_ports(*policy, "udp", udp_ports, error);
	return result;
}

static int refuse_fenced(const char *name, struct cgfence_error *error)
{
	return error_set(
		error, EEXIST,
		"%s has a fence already; to replace its policy, give a policy, or --default for the embedded default policy",
		name);
}

/* What is fenced: one cgroup, or those of a name. */
struct target {
	const char *name;
	const struct cgfence_cgroup *cgroup; /* NULL for a standing fence */
};

static int attach(const struct target *target, const struct cgfence_policy *policy,
		  unsigned int flags, struct cgfence_error *error)
{
	static const char *const sentences[] = {
		[CGFENCE_ATTACHED] = "Fenced %s.",
		[CGFENCE_REPLACED] = "Replaced the policy of %s.",
		[CGFENCE_UNCHANGED] = "%s has this policy already; nothing changed.",
		[CGFENCE_REWORDED] =
			"%s has this policy already; nothing changed except how it is written.",
	};
	enum cgfence_attach_result attached;
	struct patience patience = { 0 };
	uint64_t id = 0;
	int result;

	do {
		result = target->cgroup ? cgfence_fence_attach(target->cgroup, policy, flags,
							       &attached, error)
					: cgfence_standing_attach(target->name, policy, flags,
								  &attached, error);
	} while (patience_wait(&patience, result, error));
	if (result == -EEXIST && flags & CGFENCE_ATTACH_NEW)
		return refuse_fenced(target->name, error);
	if (result)
		return result;
	output_say(sentences[attached], target->name);
	output_push();
	if (target->cgroup)
		id = cgfence_cgroup_id(target->cgroup);
	else
		cgfence_standing_find(target->name, &id, NULL);
	report_excess(id);
	beside_complain(id);
	return 0;
}

/* @fence: NULL if there is none yet */
static int print_changes(const char *name, const struct cgfence_fence *fence,
			 const struct cgfence_policy *policy, struct cgfence_error *error)
{
	cleanup_free char *changes = NULL;
	int result = cgfence_policy_diff(fence ? cgfence_fence_policy(fence) : NULL, policy,
					 &changes, error);

	if (result)
		return result;
	if (fence && !*changes) {
		output_say("%s has this policy already; nothing would change%s.", name,
			   cgfence_fence_rewords(fence, policy) ? " except how it is written" : "");
		return 0;
	}
	output_say(fence ? "This would replace the policy of %s:" : "This would fence %s:", name);
	output_lines(changes);
	return 0;
}

/* Return: 0, -ENOENT if there is no fence yet. */
static int open_present(const struct target *target, struct cgfence_fence **fence,
			struct cgfence_error *error)
{
	uint64_t id = 0;
	int result = 0;

	if (target->cgroup)
		id = cgfence_cgroup_id(target->cgroup);
	else
		result = cgfence_standing_find(target->name, &id, error);
	return result ? result : cgfence_fence_open(id, fence, error);
}

/* A dry run refuses what attaching would refuse for these flags. */
static int pretend(const struct target *target, const struct cgfence_policy *policy,
		   unsigned int flags, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = open_present(target, &fence, error);

	if (result && result != -ENOENT)
		return result;
	result = private ? 0 : cgfence_bpffs_check(error);
	if (result == 0)
		result = target->cgroup
				 ? cgfence_fence_foresee(target->cgroup, policy, flags, error)
				 : cgfence_standing_foresee(target->name, policy, flags, error);
	if (result)
		return result;
	if (fence && (flags & CGFENCE_ATTACH_NEW))
		return refuse_fenced(target->name, error);
	return print_changes(target->name, fence, policy, error);
}

/* A bracket that none closes is plain (cgfence(8)). */
static bool could_be_pattern(const char *name)
{
	const char *bracket = strchr(name, '[');

	return strpbrk(name, "*?") || (bracket && strchr(bracket, ']'));
}

static int open_target(const char *name, struct cgfence_cgroup **cgroup, struct target *target,
		       struct cgfence_error *error)
{
	int result;

	target->name = name;
	if (standing || cgfence_standing_is_pattern(name))
		return 0;
	result = cgfence_cgroup_open(name, cgroup, error);
	if (result)
		return result;
	target->cgroup = *cgroup;
	target->name = cgfence_cgroup_path(*cgroup);
	/* Whoever may make cgroups there may have made it lest the others of the pattern be fenced. */
	if (could_be_pattern(name))
		output_complain(
			"'%s' is taken for the cgroup of that very name, which is there, and not for a pattern; for all that match it, give --standing",
			name);
	return 0;
}

static int read_ports(int process, struct cgfence_policy *policy, struct cgfence_error *error)
{
	cleanup_free char *names = strdup(variables);
	char *rest = names;
	const char *name;
	int result = names ? 0 : error_out_of_memory(error);

	while (result == 0 && (name = strsep(&rest, COMMAND_NAMES_JOINT)))
		result = job_ports_read(process, name, policy, error);
	return result;
}

/* The environment is read before the cgroup is found, and both must be of one process. */
static int find(const char *name, struct cgfence_policy *policy, struct cgfence_cgroup **cgroup,
		struct target *target, struct cgfence_error *error)
{
	cleanup_close int process = -1;
	int result;

	if (!variables)
		return open_target(name, cgroup, target, error);
	result = job_ports_open(name, &process, error);
	if (result == 0)
		result = read_ports(process, policy, error);
	if (result == 0)
		result = open_target(name, cgroup, target, error);
	return result ? result : job_ports_check_alive(process, error);
}

static int run(const struct arguments *arguments)
{
	const char *path = arguments->operands[1];
	unsigned int flags = (force ? CGFENCE_ATTACH_FORCE : 0) |
			     (path || use_default ? 0 : CGFENCE_ATTACH_NEW);
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	struct target target = { 0 };

	if (path && use_default)
		return help_refuse_usage(&command_attach, "give either a policy or --default");
	if (read_policy(path, &policy, &error) ||
	    find(arguments->operands[0], policy, &cgroup, &target, &error) ||
	    (private && !dry_run && cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error)) ||
	    (dry_run ? pretend : attach)(&target, policy, flags, &error))
		return output_failure(&error);
	activation_complain(target.name, policy);
	return STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "tcp", "PORTS", "also assign these TCP ports, such as 8080,31000-31005", NULL,
	  &tcp_ports },
	{ 0, "udp", "PORTS", "also assign these UDP ports", NULL, &udp_ports },
	{ 0, "ports-from-env", "NAMES",
	  "also assign the ports that these variables of the process name", NULL, &variables },
	{ 0, "default", NULL, "replace the policy of a fence with the embedded default policy",
	  &use_default, NULL },
	{ 0, "standing", NULL, "fence every cgroup of this name, now and later", &standing, NULL },
	{ 0, "dry-run", NULL, "print what would change, and change nothing", &dry_run, NULL },
	{ 0, "private", NULL,
	  "mount a bpffs even where it, and the fence, ends with the mount namespace", &private,
	  NULL },
	{ 0, "force", NULL, "fence even the root cgroup", &force, NULL },
	{ 0 },
};

const struct command command_attach = {
	.name = "attach",
	.synopsis =
		"[--tcp PORTS] [--udp PORTS] [--ports-from-env NAMES] [--dry-run] [--private] [--force] [--standing] CGROUP|PATTERN [POLICY.json|-]\n[--tcp PORTS] [--udp PORTS] [--dry-run] [--private] [--force] [--standing] --default CGROUP|PATTERN",
	.summary = "fence a cgroup or all of a name, or replace their policy",
	.description =
		"The policy holds for the cgroup and all below it as soon as the command returns, and until detach or the\n"
		"removal of the cgroup; no process needs to stay. Without a file the embedded default policy is used,\n"
		"which allows the 14 devices that Mesos allows; a cgroup that has a fence already is then left alone,\n"
		"unless --default is given. --tcp and --udp, as often as they are given, add ports to those that the\n"
		"policy assigns, and so does --ports-from-env 'NOMAD_PORT_*' with pid:N, for both protocols, from the\n"
		"variables of such names in the environment of that process. It may write there what it likes, so have\n"
		"it fenced before it runs code of the job. If anything is wrong, nothing changes. Where no bpffs is\n"
		"mounted, and one that cgfence mounts would end with this mount namespace, it refuses unless --private is\n"
		"given. Listeners that are in excess already are reported and left to reconcile and watch, and so are ports on\n"
		"which systemd listens for the service whose cgroup it is. While a container runtime sets up its container in\n"
		"the cgroup, it waits for at most 5 seconds, and then refuses.\n"
		"\n"
		"A PATTERN has '*', '?' or '[' in a component (glob(7)) and makes a standing fence, for every cgroup of\n"
		"such a name, now and later, from the first instruction of its first process; --standing makes one of a\n"
		"plain name. It ends when it is detached. If the cgroup that its programs are attached to is removed, the\n"
		"next command attaches them to the deepest one that is there, and watch does so at once.",
	.example = "cgfence attach /machine/web policy.json",
	.options = options,
	.operands_min = 1,
	.operands_max = 2,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
