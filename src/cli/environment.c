// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/environment.h"
#include "base/cleanup.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* include/uapi/linux/magic.h of Linux 6.9, from which on a pidfd has a number of its own. */
#define PIDFD_MAGIC 0x50494446

/* sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5). */
static const char *const pid_variables[] = { "LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID" };

static void replace(const char *variable, uint64_t from, uint64_t to)
{
	const char *value = getenv(variable);
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)from);
	if (!value || strcmp(value, text) != 0)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)to);
	setenv(variable, text, 1);
}

/* Return: 0 if this kernel gives none. */
static uint64_t read_pidfd_id(pid_t pid)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct statfs system;
	struct stat status;

	if (fd < 0 || fstatfs(fd, &system) < 0 || system.f_type != PIDFD_MAGIC ||
	    fstat(fd, &status) < 0)
		return 0;
	return status.st_ino;
}

void environment_take_over(pid_t from)
{
	for (size_t i = 0; i < sizeof(pid_variables) / sizeof(pid_variables[0]); i++)
		replace(pid_variables[i], (uint64_t)from, (uint64_t)getpid());
	if (getenv("LISTEN_PIDFDID"))
		replace("LISTEN_PIDFDID", read_pidfd_id(from), read_pidfd_id(getpid()));
}
