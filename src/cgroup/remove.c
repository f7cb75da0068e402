// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/error.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <unistd.h>

/* Rounds of killing and removing: others may make and enter cgroups meanwhile. */
#define ROUNDS 20

static int remove_directory(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)walk;
	return type == FTW_DP && rmdir(path) < 0 && errno != ENOENT ? -1 : 0;
}

int cgfence_cgroup_remove(struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	const char *directory = cgroup_directory(cgroup);
	int result = 0;

	for (int i = 0; i < ROUNDS && result == 0; i++) {
		int code = nftw(directory, remove_directory, 16, FTW_DEPTH | FTW_PHYS) ? errno : 0;

		if (code == 0 || access(directory, F_OK) < 0)
			return 0;
		if (code == ENOENT)
			continue; /* a cgroup below was removed meanwhile */
		if (code != EBUSY)
			return error_set(error, code, "cannot remove the cgroup %s: %s", directory,
					 strerror(code));
		result = cgroup_kill(cgroup, CGROUP_KILL_MS, error);
	}
	if (result == 0)
		result = error_set(error, EBUSY,
				   "processes keep entering it, or making cgroups below it");
	error_wrap(error, "cannot remove the cgroup %s", directory);
	return result;
}
