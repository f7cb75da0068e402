// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_host.h"
#include "base/cleanup.h"
#include "cli/doctor_others.h"
#include "base/privilege.h"
#include "report/handles.h"

#include <cgfence/standing.h>
#include <cgfence/watch.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define BPFFS "/sys/fs/bpf"

/* ---- the place ---- */

static void look_at_privilege(struct findings *findings)
{
	static const struct {
		int capability;
		const char *name;
		const char *without;
	} wanted[] = {
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "sockets cannot be closed" },
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "holders of other users are not found" },
		{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "cgroups are not found by id" },
		{ CAP_KILL, "CAP_KILL", "processes of other users are not killed" },
	};
	bool any = false;

	if (!privilege_has_admin()) {
		findings_add(findings, FINDING_BAD, "privilege", "run doctor as root or with sudo",
			     "CAP_SYS_ADMIN is missing, which makes and reads fences");
		return;
	}
	if (privilege_is_nested()) {
		findings_add(
			findings, FINDING_BAD, "privilege",
			"run doctor outside of the user namespace",
			"the capabilities of this process are those of a user namespace, and fences need CAP_SYS_ADMIN of the initial one");
		return;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (privilege_has(wanted[i].capability))
			continue;
		any = true;
		findings_add(findings, FINDING_NOTE, "privilege", "add it to the bounding set",
			     "without %s, %s", wanted[i].name, wanted[i].without);
	}
	if (!any)
		findings_add(findings, FINDING_OK, "privilege", NULL,
			     "this process has all capabilities that it needs");
}

static void look_at_cgroup2(struct findings *findings)
{
	cleanup_cgroup struct cgfence_cgroup *root = NULL;
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_open("/", &root, &error))
		findings_add(
			findings, FINDING_BAD, "cgroup2",
			"mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with systemd.unified_cgroup_hierarchy=1",
			"%s", error.text);
	else if (!cgfence_cgroup_is_root(root))
		findings_add(findings, FINDING_NOTE, "cgroup2",
			     "mount that of the host here to see all of it",
			     "mounted, but what is seen is a part of the hierarchy");
	else
		findings_add(findings, FINDING_OK, "cgroup2", NULL, "mounted from its root");
}

static bool has_bpffs(void)
{
	struct statfs status;

	return statfs(BPFFS, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static bool is_read_only(const char *path)
{
	struct statvfs status;

	return statvfs(path, &status) == 0 && status.f_flag & ST_RDONLY;
}

static void look_at_bpffs(struct findings *findings)
{
	struct cgfence_error error = { 0 };
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;

	if (cgfence_bpffs_check(&error) || cgfence_fence_list(&ids, &count, &error))
		findings_add(findings, FINDING_BAD, "bpffs", "see NAMESPACES in cgfence(8)", "%s",
			     error.text);
	else if (!has_bpffs())
		findings_add(findings, FINDING_OK, "bpffs", NULL,
			     "none on " BPFFS " yet; the first fence mounts one");
	else if (is_read_only(BPFFS))
		findings_add(findings, FINDING_BAD, "bpffs", "mount -o remount,bind,rw " BPFFS,
			     "the one on " BPFFS
			     " is mounted read-only here: no fence can be made or detached");
	else if (cgfence_bpffs_is_private())
		findings_add(findings, FINDING_NOTE, "bpffs",
			     "mount that of the host here: mount --bind /host" BPFFS " " BPFFS,
			     "it belongs to this mount namespace, with which its fences end");
	else
		findings_add(findings, FINDING_OK, "bpffs", NULL,
			     "mounted on " BPFFS ", and stays until the host goes down");
}

void doctor_look_at_place(struct findings *findings)
{
	look_at_privilege(findings);
	look_at_cgroup2(findings);
	look_at_bpffs(findings);
}

/* ---- fences ---- */

struct tally {
	struct findings *findings;
	size_t count;
	size_t audits;
	size_t members;
	size_t unread;
};

/* What lacks a privilege cannot tell what ails a fence, and is not to have it detached. */
static const char *unread_remedy(void)
{
	return privilege_is_nested() || !privilege_has(CAP_DAC_READ_SEARCH)
		       ? "run doctor with the privilege that it lacks"
		       : "attach its policy again, or detach it";
}

static void count_fence(const struct cgfence_fence_visit *visit, void *context)
{
	struct tally *tally = context;
	cleanup_free uint64_t *members = NULL;
	size_t count = 0;

	tally->count++;
	if (visit->error) {
		/* One is enough to look for the cause. */
		if (!tally->unread++)
			findings_add(tally->findings, FINDING_BAD, "fences", unread_remedy(), "%s",
				     visit->error->text);
		return;
	}
	tally->audits += !cgfence_policy_enforces(cgfence_fence_policy(visit->fence));
	if (cgfence_fence_read_members(visit->fence, &members, &count, NULL) == 0)
		tally->members += count;
	if (cgfence_fence_overflows(visit->fence))
		findings_add(tally->findings, FINDING_NOTE, "fences",
			     "run cgfence reconcile, or watch", "%s has more members than room",
			     cgfence_fence_pattern(visit->fence));
}

static void look_at_fences(struct findings *findings)
{
	struct tally tally = { .findings = findings };
	struct cgfence_error error = { 0 };
	size_t hidden = 0;

	if (cgfence_fence_visit_all(count_fence, &tally, &error))
		findings_add(findings, FINDING_BAD, "fences", NULL, "%s", error.text);
	else if (!tally.unread)
		findings_add(findings, FINDING_OK, "fences", NULL,
			     "%zu, of which %zu audit%s, and %zu member%s of standing fences",
			     tally.count, tally.audits, tally.audits == 1 ? "s" : "", tally.members,
			     tally.members == 1 ? "" : "s");
	if (cgfence_fence_count_hidden(&hidden, NULL) == 0 && hidden)
		findings_add(
			findings, FINDING_NOTE, "hidden",
			"run cgfence where their bpffs is mounted: nsenter -t PID -m cgfence status",
			"%zu cgroup%s fences that are pinned in another bpffs", hidden,
			hidden == 1 ? " has" : "s have");
}

static void look_at_watch(struct findings *findings)
{
	pid_t pid = 0;

	if (cgfence_watch_find(&pid, NULL) == 0)
		findings_add(findings, FINDING_OK, "watch", NULL, "process %d watches this host",
			     (int)pid);
	else
		findings_add(findings, FINDING_NOTE, "watch",
			     "systemctl enable --now cgfence-watch",
			     "none is seen; listeners from before or from outside a fence stay");
}

/* ---- runtimes ---- */

static bool is_program(const char *name)
{
	static const char *const folders[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin",
					       "/usr/local/sbin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void look_at_runtimes(struct findings *findings)
{
	static const char *const names[] = { "runc",	   "crun", "youki",	"podman",
					     "containerd", "crio", "dockerd",	"lxc-start",
					     "nomad",	   "k3s",  "slurmstepd" };
	char list[256] = "";
	size_t used = 0;

	if (access("/run/systemd/system", F_OK) == 0)
		used += (size_t)snprintf(list, sizeof(list), "systemd");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_program(names[i]))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", names[i]);
	}
	findings_add(findings, FINDING_OK, "runtimes", NULL, "%s",
		     used ? list : "none in the usual places");
}

void doctor_look_at_host(struct findings *findings)
{
	look_at_fences(findings);
	look_at_watch(findings);
	look_at_runtimes(findings);
	doctor_look_at_others(findings);
}
