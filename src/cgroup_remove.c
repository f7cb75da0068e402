// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Emptying and removing a cgroup with all that is below it. */
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KILL_ROUNDS 200
#define KILL_ROUND_NS (10 * 1000 * 1000)

/* cgroup.kill takes the whole subtree at once, forks included; Linux 5.14 and later. */
static bool kill_by_cgroup(int fd)
{
	cleanup_close int kill_fd = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	return kill_fd >= 0 && write(kill_fd, "1", 1) == 1;
}

static int kill_members(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	cleanup_free char *line = NULL;
	size_t size = 0;
	FILE *file;

	(void)status;
	if (type != FTW_F || strcmp(path + walk->base, "cgroup.procs") != 0)
		return 0;
	file = fopen(path, "re");
	if (!file)
		return 0; /* removed meanwhile */
	while (getline(&line, &size, file) > 0) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 0) /* 0 is a process of another pid namespace */
			kill(pid, SIGKILL);
	}
	fclose(file);
	return 0;
}

static int remove_directory(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)walk;
	return type == FTW_DP && rmdir(path) < 0 && errno != ENOENT ? -1 : 0;
}

int cgfence_cgroup_remove(struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	const char *directory = cgroup_directory(cgroup);
	const struct timespec round = { .tv_nsec = KILL_ROUND_NS };

	for (int i = 0; i < KILL_ROUNDS; i++) {
		if (nftw(directory, remove_directory, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
		    errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return error_set(error, errno, "cannot remove the cgroup %s: %s", directory,
					 strerror(errno));
		/* A process that forks in a loop can outrun single signals, so they are sent again each round. */
		if (!kill_by_cgroup(cgfence_cgroup_fd(cgroup)))
			nftw(directory, kill_members, 16, FTW_PHYS);
		nanosleep(&round, NULL);
	}
	return error_set(error, EBUSY,
			 "cannot remove the cgroup %s: processes in it outlived SIGKILL",
			 directory);
}
