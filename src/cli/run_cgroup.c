// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/run_cgroup.h"
#include "base/abandoned.h"
#include "report/handles.h"
#include "report/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME_PREFIX "cgfence-run-"

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
	/* What was killed before its cgroup had a fence left nothing else to find that by. */
	abandoned_remove(cgfence_cgroup_fd(own), NAME_PREFIX);
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
