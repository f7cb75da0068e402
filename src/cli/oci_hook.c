// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "base/privilege.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/printable.h"

#include <cgfence/container.h>
#include <cgfence/import.h>
#include <cgfence/policy.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char *directory = CGFENCE_POLICY_DIRECTORY;
static const char *tcp_ports;
static const char *udp_ports;

static void cleanup_free_container(struct cgfence_container *container)
{
	cgfence_container_free(container);
}

static void cleanup_free_rules(struct cgfence_rules *rules)
{
	cgfence_rules_free(rules);
}

static int add_ports(struct cgfence_policy *policy, const char *protocol, const char *argument,
		     const char *annotation, struct cgfence_error *error)
{
	int result = 0;

	if (argument)
		result = cgfence_policy_add_ports(policy, protocol, argument, error);
	if (result == 0 && annotation)
		result = cgfence_policy_add_ports(policy, protocol, annotation, error);
	if (result)
		error_wrap(error, "the %s ports", protocol);
	return result;
}

static int read_given(const struct cgfence_container *container, struct cgfence_policy **given,
		      struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_free_rules))) struct cgfence_rules rules = { 0 };
	struct cgfence_import_source source = { 0 };
	cleanup_free char *text = NULL;
	int result = cgfence_container_read_rules(container, &rules, error);

	if (result)
		return result;
	source = (struct cgfence_import_source){ rules.name, rules.text, rules.length };
	result = cgfence_import(rules.dialect, NULL, &source, 1, NULL, NULL, &text, error);
	return result ? result : cgfence_policy_parse(text, strlen(text), rules.name, given, error);
}

static int fill(const struct cgfence_container *container, struct cgfence_policy *policy,
		struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *given = NULL;
	int result;

	if (!cgfence_policy_needs_container(policy))
		return 0;
	result = read_given(container, &given, error);
	return result ? result : cgfence_policy_fill_container(policy, given, error);
}

static int read_policy(const struct cgfence_container *container, const char *argument,
		       struct cgfence_policy **policy, struct cgfence_error *error)
{
	const char *name = container->policy ? container->policy : argument;
	int result;

	if (!name)
		return error_set_invalid(
			error,
			"no policy is named; give the container the annotation io.cgfence.policy, or the hook an argument");
	result = cgfence_policy_read_named(directory, name, policy, error);
	if (result == 0)
		result = fill(container, *policy, error);
	if (result == 0)
		result = add_ports(*policy, "tcp", tcp_ports, container->tcp, error);
	if (result == 0)
		result = add_ports(*policy, "udp", udp_ports, container->udp, error);
	return result;
}

/* Without cgroups of its own a container stays in that of its engine, which is not what the policy is for. */
static int refuse_own(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *own = NULL;
	const char *path = cgfence_cgroup_path(cgroup);
	size_t length = strlen(path);
	const char *ours;
	int result = cgfence_cgroup_open("pid:self", &own, error);

	if (result)
		return result;
	ours = cgfence_cgroup_path(own);
	if (strncmp(ours, path, length) != 0 || (ours[length] && ours[length] != '/' && length > 1))
		return 0;
	return error_set(
		error, EPERM,
		"the container has no cgroup of its own: it is in %s, and so is the runtime; give it one",
		path);
}

static int open_cgroup(const struct cgfence_container *container, struct cgfence_cgroup **cgroup,
		       struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *found = NULL;
	cleanup_cgroup struct cgfence_cgroup *unit = NULL;
	char name[32];
	int result;

	snprintf(name, sizeof(name), "pid:%d", container->pid);
	result = cgfence_cgroup_open(name, &found, error);
	if (result == 0 && cgfence_container_is_below(container, cgfence_cgroup_path(found)))
		result = cgfence_cgroup_open_parent(found, &unit, error);
	if (result == 0)
		result = refuse_own(unit ? unit : found, error);
	if (result == 0)
		*cgroup = unit ? cleanup_steal(unit) : cleanup_steal(found);
	return result;
}

static int fence(const struct cgfence_container *container, const char *argument,
		 struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	enum cgfence_attach_result attached;
	int result = read_policy(container, argument, &policy, error);

	if (result == 0)
		result = open_cgroup(container, &cgroup, error);
	if (result == 0)
		result = cgfence_fence_attach(cgroup, policy, CGFENCE_ATTACH_IN_SETUP, &attached,
					      error);
	if (result)
		error_wrap(error, "container %s", container->id);
	return result;
}

static int check_privilege(struct cgfence_error *error)
{
	if (privilege_has_admin() && !privilege_is_nested())
		return 0;
	return error_set(
		error, EPERM,
		"a container of a user other than root cannot get a fence of its own, which needs CAP_SYS_ADMIN; start it as root, or fence the slice of the user");
}

/* Not every runtime hands on what its hooks say. */
static int fail(const struct cgfence_error *error)
{
	cleanup_free char *text = printable_copy(error->text);

	openlog("cgfence", LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "oci-hook: %s", text ? text : "out of memory");
	return output_failure(error);
}

static int run(const struct arguments *arguments)
{
	__attribute__((cleanup(cleanup_free_container))) struct cgfence_container container = { 0 };
	struct cgfence_error error = { 0 };

	if (check_privilege(&error) || cgfence_container_read(STDIN_FILENO, &container, &error) ||
	    fence(&container, arguments->operands[0], &error))
		return fail(&error);
	return STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "tcp", "PORTS", "also assign these TCP ports, such as 8080,31000-31005", NULL,
	  &tcp_ports },
	{ 0, "udp", "PORTS", "also assign these UDP ports", NULL, &udp_ports },
	{ 0, "policies", "DIR", "read policies from here in place of /etc/cgfence/policies", NULL,
	  &directory },
	{ 0 },
};

const struct command command_oci_hook = {
	.name = "oci-hook",
	.synopsis = "[--tcp PORTS] [--udp PORTS] [--policies DIR] [NAME]",
	.summary = "fence a container before it starts, for a container runtime",
	.description =
		"A runtime runs this as a hook of createRuntime or prestart and writes the state of the container to its\n"
		"standard input (OCI runtime specification). The policy is NAME.json in /etc/cgfence/policies, NAME from\n"
		"the annotation io.cgfence.policy of the container, else the argument. The annotations io.cgfence.tcp and\n"
		"io.cgfence.udp assign ports beside those of the policy. File and directory must be root's, and nobody\n"
		"else may be able to write them. If anything is wrong, the command fails, and the runtime does not start\n"
		"the container; the reason goes to the system's log too. The fence goes with the cgroup of the container.",
	.example = "cgfence oci-hook web < state.json",
	.options = options,
	.operands_max = 1,
	.usage_status = STATUS_INVALID,
	.run = run,
};
