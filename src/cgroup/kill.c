// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/kill.h"
#include "cgroup/cgroup.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/mountinfo.h"
#include "cgroup/threads.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ROUND_MS 10

/*
 * A round of signals goes through all cgroups, or else processes in the last of many would never get one. Only one that
 * takes so long ends before: somebody makes new cgroups faster than it goes.
 */
#define ROUND_LONGEST_NS (60 * 1000 * 1000 * 1000ULL)

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

/* A threaded cgroup does not list processes. The signal goes to the process of the thread. */
static int signal_process_of(uint64_t cgroup_id, uint32_t thread, void *context)
{
	(void)cgroup_id;
	(void)context;
	kill((pid_t)thread, SIGKILL);
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
	cgroup_for_each_thread_until(cgroup, boot_time_ns() + ROUND_LONGEST_NS, signal_process_of,
				     NULL);
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

static int recognise(uint64_t cgroup_id, uint32_t thread, void *found)
{
	(void)cgroup_id;
	*(bool *)found |= (pid_t)thread == getpid();
	return 0;
}

/* If in doubt, yes. */
static bool has_this_process(const struct cgfence_cgroup *cgroup)
{
	bool found = false;

	return cgroup_for_each_thread(cgroup, recognise, &found) || found;
}

/* The paths do not tell in a cgroup namespace where no mount shows one of the two. */
static bool is_in(const struct cgfence_cgroup *cgroup)
{
	cleanup_cgroup struct cgfence_cgroup *own = NULL;
	char self[32];

	snprintf(self, sizeof(self), "pid:%d", getpid());
	return cgfence_cgroup_path(cgroup)[0] == '/' && cgfence_cgroup_open(self, &own, NULL) == 0
		       ? path_below(cgfence_cgroup_path(own), cgfence_cgroup_path(cgroup)) != NULL
		       : has_this_process(cgroup);
}

int cgroup_kill(const struct cgfence_cgroup *cgroup, unsigned int wait_ms,
		struct cgfence_error *error)
{
	uint64_t end_ns;

	if (cgfence_cgroup_is_root(cgroup) || is_in(cgroup))
		return error_set(
			error, EPERM,
			"killing every process of %s would kill cgfence too; run it outside of the fence",
			cgfence_cgroup_path(cgroup));
	end_ns = boot_time_ns() + wait_ms * 1000000ULL;
	while (cgroup_is_populated(cgroup)) {
		kill_once(cgroup);
		if (boot_time_ns() >= end_ns)
			break;
		wait_a_moment(cgroup);
		yield_now();
	}
	if (!cgroup_is_populated(cgroup))
		return 0;
	return error_set(error, EBUSY, "processes in %s outlived SIGKILL",
			 cgfence_cgroup_path(cgroup));
}
