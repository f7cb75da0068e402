// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/kill.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/mountinfo.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ROUND_MS 10

bool cgroup_is_populated(const struct cgfence_cgroup *cgroup)
{
	cleanup_close int events =
		openat(cgfence_cgroup_fd(cgroup), "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[128] = "";

	if (events < 0)
		return errno != ENOENT;
	/* A cgroup that was removed meanwhile cannot be read. */
	if (read(events, text, sizeof(text) - 1) < 0)
		return errno != ENODEV;
	return !strstr(text, "populated 0");
}

static bool write_file(const struct cgfence_cgroup *cgroup, const char *name, const char *text)
{
	cleanup_close int fd = openat(cgfence_cgroup_fd(cgroup), name, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static int signal_members(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	cleanup_free char *line = NULL;
	size_t size = 0;
	FILE *file;

	(void)status;
	/* A threaded cgroup does not list processes. The signal goes to the process of the thread. */
	if (type != FTW_F || strcmp(path + walk->base, "cgroup.threads") != 0)
		return 0;
	file = fopen(path, "re");
	if (!file)
		return 0; /* removed meanwhile */
	while (getline(&line, &size, file) > 0) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 0) /* 0 is a thread of another pid namespace */
			kill(pid, SIGKILL);
	}
	fclose(file);
	return 0;
}

/*
 * cgroup.kill takes the whole subtree at once, forks included (5.14), unless it is threaded. Otherwise the subtree is
 * frozen, so that no process in it forks, or dies and has its pid used again, between the list and the signal; a frozen
 * process can be killed.
 */
static void kill_once(const struct cgfence_cgroup *cgroup)
{
	if (write_file(cgroup, "cgroup.kill", "1"))
		return;
	write_file(cgroup, "cgroup.freeze", "1");
	nftw(cgroup_directory(cgroup), signal_members, 16, FTW_PHYS);
	write_file(cgroup, "cgroup.freeze", "0");
}

/* The kernel wakes a poll on cgroup.events when the cgroup becomes empty. */
static void wait_a_moment(const struct cgfence_cgroup *cgroup)
{
	cleanup_close int events =
		openat(cgfence_cgroup_fd(cgroup), "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd poll_events = { .fd = events, .events = POLLPRI };
	char text[128];

	/* Reading arms it (kernfs_generic_poll, fs/kernfs/file.c). */
	if (events >= 0 && read(events, text, sizeof(text)) > 0 && cgroup_is_populated(cgroup))
		poll(&poll_events, 1, ROUND_MS);
}

static bool is_in(const struct cgfence_cgroup *cgroup)
{
	cleanup_cgroup struct cgfence_cgroup *own = NULL;
	char self[32];

	snprintf(self, sizeof(self), "pid:%d", getpid());
	return cgfence_cgroup_open(self, &own, NULL) == 0 &&
	       path_below(cgfence_cgroup_path(own), cgfence_cgroup_path(cgroup));
}

int cgroup_kill(const struct cgfence_cgroup *cgroup, unsigned int wait_ms,
		struct cgfence_error *error)
{
	if (cgfence_cgroup_is_root(cgroup) || is_in(cgroup))
		return error_set(
			error, EPERM,
			"killing every process of %s would kill cgfence too; run it outside of the fence",
			cgfence_cgroup_path(cgroup));
	for (unsigned int waited_ms = 0; cgroup_is_populated(cgroup); waited_ms += ROUND_MS) {
		kill_once(cgroup);
		if (waited_ms >= wait_ms)
			break;
		wait_a_moment(cgroup);
		yield_now();
	}
	if (!cgroup_is_populated(cgroup))
		return 0;
	return error_set(error, EBUSY, "processes in %s outlived SIGKILL",
			 cgfence_cgroup_path(cgroup));
}
