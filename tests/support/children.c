// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/children.h"
#include "support/clock.h"
#include "support/fences.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void children_die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before the kernel was told. */
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

pid_t children_fork(void)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child == 0)
		children_die_with(parent);
	return child;
}

pid_t children_fork_in(const struct cgfence_cgroup *cgroup, int kept)
{
	pid_t child = children_fork();

	if (child != 0)
		return child;
	if (cgroup && fences_enter(cgroup))
		_exit(EXIT_FAILURE);
	if (kept >= 0 && kept != 3 && dup2(kept, 3) < 0)
		_exit(EXIT_FAILURE);
	close_range(kept < 0 ? 3 : 4, ~0U, 0);
	return 0;
}

void *children_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

pid_t children_hold(const struct cgfence_cgroup *cgroup, bool (*function)(void *argument),
		    void *argument)
{
	int ready[2];
	pid_t child;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	child = children_fork_in(cgroup, ready[1]);
	if (child == 0) {
		if (!function(argument) || write(CHILDREN_HELD - 1, "", 1) != 1)
			_exit(EXIT_FAILURE);
		while (true)
			pause();
	}
	close(ready[1]);
	/* A child that fails closes its end without a word. */
	if (child > 0 && read(ready[0], &byte, 1) != 1) {
		children_end(child);
		child = -1;
	}
	close(ready[0]);
	return child;
}

unsigned long children_count_waits(pid_t pid)
{
	unsigned long waits = 0;
	char line[256];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %lu", &waits);
	if (file)
		fclose(file);
	return waits;
}

int children_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? CHILDREN_SIGNALLED + WTERMSIG(wait_status)
					: WEXITSTATUS(wait_status);
}

int children_await(pid_t child)
{
	int status = 0;

	return waitpid(child, &status, 0) == child ? children_status(status) : -errno;
}

void children_end(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int children_run_in(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		    void *argument)
{
	pid_t child = children_fork();

	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(fences_enter(cgroup) ? 255 : function(argument));
	return children_await(child);
}

pid_t children_spawn(const char *const *words)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t parent = getpid();
	/* Unlike fork(), it does not copy the page tables of this process, which is no cost of the program. */
	pid_t child = null < 0 ? -1 : vfork();

	if (child == 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		children_die_with(parent);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	if (null >= 0)
		close(null);
	return child;
}

static double milliseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

struct children_cost children_measure(const char *const *words)
{
	struct children_cost cost = { .status = -1 };
	uint64_t begin_ns = clock_ns();
	pid_t child = children_spawn(words);
	struct rusage usage;
	int status;

	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return cost;
	cost.ms = clock_ms_since(begin_ns);
	cost.processor_ms = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
	cost.status = children_status(status);
	return cost;
}

int children_run(const char *const *words)
{
	return children_measure(words).status;
}
