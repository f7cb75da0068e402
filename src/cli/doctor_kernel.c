// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_kernel.h"
#include "base/cleanup.h"
#include "cli/tries.h"

#include <cgfence/trial.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LSM_LIST "/sys/kernel/security/lsm"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define BTF "/sys/kernel/btf/vmlinux"
#define JIT "/proc/sys/net/core/bpf_jit_enable"

#define LINE_SIZE 256

/* The first line of a file, without its end; "" if it cannot be read. */
static void read_line(const char *path, char line[LINE_SIZE])
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, line, LINE_SIZE - 1);

	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Does the rest of the file have these bytes? They begin with the only NUL but for that at their end. */
static bool has_bytes(FILE *file, const char *bytes, size_t length)
{
	size_t matched = 0;
	int byte;

	while (matched < length && (byte = getc_unlocked(file)) != EOF) {
		if (byte == bytes[matched])
			matched++;
		else
			matched = byte == '\0';
	}
	return matched == length;
}

/* Is this function known to be none of the kernel's? Without its types nothing is known; their names end with NULs. */
static bool kernel_lacks(const char *function)
{
	FILE *types = fopen(BTF, "re");
	char bytes[64] = { 0 };
	bool lacks;

	if (!types)
		return false;
	snprintf(bytes + 1, sizeof(bytes) - 1, "%s", function);
	lacks = !has_bytes(types, bytes, strlen(function) + 2) && ftell(types) > 0;
	fclose(types);
	return lacks;
}

static const char *outcome(int code)
{
	switch (code) {
	case TRY_NOT_MADE:
		return "could not be tried, since no process starts in its cgroup";
	case TRY_KILLED:
		return "was answered by a signal";
	case 0:
		return "succeeded";
	default:
		return strerror(code);
	}
}

static void report_device(const struct tries *tries, struct findings *findings)
{
	static const char check[] = "devices";

	if (tries->device == EPERM)
		findings_add(findings, FINDING_OK, check, NULL,
			     "an open of /dev/null was refused in a fence without it");
	else
		findings_add(findings, FINDING_BAD, check,
			     "report this with the version of the kernel",
			     "an open of /dev/null in a fence without it: %s, and not EPERM",
			     outcome(tries->device));
}

static void report_bind(const struct tries *tries, struct findings *findings)
{
	static const char check[] = "ports";
	int code = tries->bind_tcp == EPERM ? tries->bind_udp : tries->bind_tcp;

	if (code == EPERM)
		findings_add(findings, FINDING_OK, check, NULL,
			     "a bind to a port that is not assigned was refused, TCP and UDP");
	else
		findings_add(findings, FINDING_BAD, check,
			     "report this with the version of the kernel",
			     "a bind to a port that is not assigned: %s, and not EPERM",
			     outcome(code));
}

/* What would make listen(2) fail. */
static const char *lsm_remedy(char text[LINE_SIZE])
{
	char names[LINE_SIZE];

	/* No kernel parameter helps then. Debian's for s390x has no JIT, without which there is no BPF LSM. */
	if (kernel_lacks("bpf_lsm_socket_listen"))
		return "for EPERM boot Linux 6.0 or later that has CONFIG_BPF_LSM, which this one lacks";
	read_line(LSM_LIST, names);
	if (!*names)
		return "for EPERM boot Linux 6.0 or later that has CONFIG_BPF_LSM, with 'bpf' in lsm=";
	if (strstr(names, "bpf"))
		return "for EPERM this kernel would have to take programs of lsm_cgroup, which it refuses";
	snprintf(text, LINE_SIZE,
		 "for EPERM boot Linux 6.0 or later that has CONFIG_BPF_LSM, with lsm=%.180s,bpf",
		 names);
	return text;
}

static void report_guard(const struct tries *tries, struct findings *findings)
{
	static const struct {
		int expected;
		enum finding_state state;
		const char *found;
	} guards[] = {
		[CGFENCE_GUARD_DENY] = { EPERM, FINDING_OK, "listen(2) without a bind fails" },
		[CGFENCE_GUARD_KILL] = { TRY_KILLED, FINDING_NOTE,
					 "a process that listens without a bind is killed" },
		[CGFENCE_GUARD_MUTE] = { ECONNREFUSED, FINDING_NOTE,
					 "a listener without a bind is muted" },
		[CGFENCE_GUARD_EVENT] = { 0, FINDING_NOTE,
					  "a listener without a bind is reported, and serves" },
		[CGFENCE_GUARD_NONE] = { 0, FINDING_NOTE,
					 "nothing sees a listener without a bind" },
	};
	const char *name = cgfence_guard_name(tries->guard);
	char remedy[LINE_SIZE];

	if ((size_t)tries->guard >= sizeof(guards) / sizeof(guards[0]))
		return;
	/* Without a loopback nobody can find out whether it serves. */
	if (tries->listen == guards[tries->guard].expected || tries->listen == ENETUNREACH)
		findings_add(findings, guards[tries->guard].state, "listen",
			     tries->guard == CGFENCE_GUARD_DENY ? NULL : lsm_remedy(remedy),
			     "%s (guard %s)", guards[tries->guard].found, name);
	else
		findings_add(findings, FINDING_BAD, "listen",
			     "report this with the version of the kernel",
			     "under the guard %s, listen(2) without a bind: %s", name,
			     outcome(tries->listen));
}

const char *doctor_meaning_of_missing(const char *name)
{
	static const struct {
		const char *name;
		const char *meaning;
	} meanings[] = {
		{ "deny", "listen(2) does not fail" },
		{ "mute", "a listener is not muted" },
		{ "kill", "the kernel kills no process that listens" },
		{ "event", "the kernel tells of no listener" },
		{ "caller", "listen(2) on a socket from outside is not judged by its caller" },
		{ "v6only", "a socket of [::] needs its port for IPv4 too" },
		{ "port_range", "IP_LOCAL_PORT_RANGE is not read" },
		{ "netns", "some sockets of other network namespaces are judged too" },
		{ "who", "some refusals are recorded without the process" },
		{ "holders", "holders are looked for in /proc, more slowly" },
		{ "in_flight", "sockets that are on their way in others are not found" },
	};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strcmp(meanings[i].name, name) == 0)
			return meanings[i].meaning;
	}
	return name;
}

/* What the line about listen(2) says, and that about holders. */
static bool is_told_elsewhere(const char *name)
{
	static const char *const names[] = {
		"deny", "mute", "kill", "event", "holders", "in_flight"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_locked_down(void)
{
	char levels[LINE_SIZE];

	read_line(LOCKDOWN, levels);
	return strstr(levels, "[confidentiality]");
}

static void report_missing(const struct tries *tries, struct findings *findings)
{
	bool any = false;

	for (size_t i = 0; tries->missing[i]; i++) {
		if (is_told_elsewhere(tries->missing[i]))
			continue;
		findings_add(findings, FINDING_NOTE, tries->missing[i],
			     is_locked_down() ? "this kernel is locked down for confidentiality"
					      : "see WHAT A KERNEL REFUSES in cgfence(8)",
			     "%s", doctor_meaning_of_missing(tries->missing[i]));
		any = true;
	}
	if (!any)
		findings_add(findings, FINDING_OK, "reading", NULL,
			     "programs see the process, network namespace and socket options");
}

static bool has_ended(const struct try_listener *listener)
{
	return listener->found && (listener->action == CGFENCE_ACTION_CLOSED ||
				   listener->action == CGFENCE_ACTION_SILENCED);
}

static void report_pass(const struct tries *tries, struct findings *findings)
{
	static const char needed_to_close[] =
		"CONFIG_INET_DIAG_DESTROY and CAP_NET_ADMIN are needed to close one";
	const char *way = tries->by_iterator ? "the BPF iterator" : "/proc";

	if (*tries->pass.text)
		findings_add(findings, FINDING_NOTE, "reconcile",
			     "see THE RECONCILER in cgfence(8)", "a pass failed: %s",
			     tries->pass.text);
	else if (!tries->held.port)
		findings_add(findings, FINDING_NOTE, "reconcile",
			     "run it outside of all fences, where the loopback is up",
			     "no listener could be made here to be found");
	else if (!has_ended(&tries->held))
		findings_add(findings, FINDING_NOTE, "reconcile", needed_to_close,
			     "a listener from outside was %s",
			     tries->held.found ? cgfence_action_name(tries->held.action)
					       : "not found");
	else
		findings_add(findings, tries->by_iterator ? FINDING_OK : FINDING_NOTE, "reconcile",
			     tries->by_iterator ? NULL
						: "CONFIG_DEBUG_INFO_BTF gives the faster way",
			     "a listener from outside was found by %s and %s", way,
			     cgfence_action_name(tries->held.action));
	if (!*tries->pass.text && has_ended(&tries->held) && tries->sent.port &&
	    !has_ended(&tries->sent))
		findings_add(findings, FINDING_NOTE, "in_flight",
			     tries->sent.found
				     ? needed_to_close
				     : "this kernel takes no programs that look into them",
			     "a listener that was in a unix socket alone was %s",
			     tries->sent.found ? "found, and not closed" : "not found");
}

static void report_standing(const struct tries *tries, struct findings *findings)
{
	static const char check[] = "standing";

	if (*tries->standing.text)
		findings_add(findings, FINDING_NOTE, check,
			     "run watch --apply, which fences such cgroups by themselves, but late",
			     "no standing fence: %s", tries->standing.text);
	else if (tries->member == EPERM && tries->stranger == 0)
		findings_add(findings, FINDING_OK, check, NULL,
			     "a new cgroup was fenced by its name, and its neighbour was not");
	else
		findings_add(findings, FINDING_BAD, check,
			     "report this with the version of the kernel",
			     "an open in a member: %s; beside it: %s", outcome(tries->member),
			     outcome(tries->stranger));
}

/* Not those of the trial, which were its own. */
static void look_at_types(struct findings *findings)
{
	static const char check[] = "types";
	size_t size = cgfence_kernel_types_kept();

	if (size)
		findings_add(findings, FINDING_OK, check, NULL,
			     "what fences need of this kernel's types is kept, in %.1f KiB",
			     (double)size / 1024);
	else if (access(BTF, R_OK) == 0)
		findings_add(findings, FINDING_OK, check, NULL,
			     "the next fence finds what it needs of this kernel's types");
	else
		findings_add(findings, FINDING_NOTE, check, "it needs CONFIG_DEBUG_INFO_BTF",
			     "this kernel does not tell its types");
}

/* The setting is shown in the first network namespace alone. */
static void look_at_jit(struct findings *findings)
{
	char enabled[LINE_SIZE];

	read_line(JIT, enabled);
	if (strcmp(enabled, "0") == 0)
		findings_add(findings, FINDING_NOTE, "jit", "sysctl net.core.bpf_jit_enable=1",
			     "programs are interpreted, which makes each check slower");
	else if (!*enabled && kernel_lacks("bpf_jit_binary_alloc"))
		findings_add(findings, FINDING_NOTE, "jit", "boot a kernel that has CONFIG_BPF_JIT",
			     "programs are interpreted, which makes each check slower");
}

void doctor_look_at_kernel(struct findings *findings)
{
	struct tries tries;

	tries_make(&tries);
	if (*tries.place.text) {
		findings_add(findings, FINDING_BAD, "fence",
			     "run doctor as root, outside of containers",
			     "nothing can be tried: %s", tries.place.text);
		return;
	}
	if (*tries.fence.text) {
		findings_add(findings, FINDING_BAD, "fence",
			     "see NO FENCE CAN BE MADE in cgfence-troubleshooting(7)",
			     "no fence can be made: %s", tries.fence.text);
		return;
	}
	report_device(&tries, findings);
	report_bind(&tries, findings);
	report_guard(&tries, findings);
	report_missing(&tries, findings);
	report_standing(&tries, findings);
	report_pass(&tries, findings);
	look_at_types(findings);
	look_at_jit(findings);
}
