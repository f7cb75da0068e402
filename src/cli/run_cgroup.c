// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/run_cgroup.h"
#include "base/cleanup.h"
#include "base/entries.h"
#include "report/handles.h"
#include "report/output.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME_PREFIX "cgfence-run-"

/* Its process may be one of another PID namespace, but holds a lock on the directory then. */
static bool is_abandoned(int parent, const char *name)
{
	cleanup_close int directory = -1;
	char rest;
	pid_t pid;

	if (sscanf(name, NAME_PREFIX "%d%c", &pid, &rest) != 1 || kill(pid, 0) == 0 ||
	    errno != ESRCH)
		return false;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0;
}

/* What was killed before its cgroup had a fence left nothing else to find that by. */
static void remove_abandoned(const struct cgfence_cgroup *parent)
{
	cleanup_entries DIR *directory = entries_open(cgfence_cgroup_fd(parent), ".");
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (is_abandoned(dirfd(directory), entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	}
}

int run_cgroup_create(const char *name, struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *own = NULL;
	char default_name[32];
	char self[32];
	int result;

	snprintf(self, sizeof(self), "pid:%d", getpid());
	snprintf(default_name, sizeof(default_name), NAME_PREFIX "%d", getpid());
	result = cgfence_cgroup_open(self, &own, error);
	if (result)
		return result;
	remove_abandoned(own);
	result = cgfence_cgroup_create(own, name ? name : default_name, cgroup, error);
	if (result)
		return result;
	/* Tells a later command that the cgroup is not abandoned; the kernel drops the lock if this process dies. */
	flock(cgfence_cgroup_fd(*cgroup), LOCK_EX | LOCK_NB);
	return 0;
}

void run_cgroup_remove(struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached;

	if (cgfence_cgroup_remove(cgroup, &error) ||
	    cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error))
		output_failure(&error);
}
