// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "holding.h"
#include "net/borrower.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define DESCRIPTORS_MAX 1024
#define REAP_TRIES 60000
#define LIFETIME_SECONDS 600
#define DEATH_TRIES 60000
#define BACKLOG 64 /* clients that nobody accepts */

struct holding_board *holding_board;
static pid_t processes[PROCESSES_MAX];
static size_t process_count;
static int ready_descriptor = -1;

void holding_begin(void)
{
	sockets_begin();
	/* The test reaps orphans of its processes. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	holding_board = harness_share(sizeof(*holding_board));
}

static void stop_all(void)
{
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i] > 0)
			holding_stop(processes[i]);
	}
	process_count = 0;
}

/* harness_end() has killed them, and they are gone in a moment. */
static void reap(void)
{
	pid_t pid = 0;

	for (int i = 0; i < REAP_TRIES && pid >= 0; i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid == 0)
			usleep(1000);
	}
}

void holding_end(void)
{
	borrower_end();
	stop_all();
	harness_end();
	reap();
}

void holding_skip(const char *reason)
{
	stop_all();
	sockets_skip(reason);
}

void holding_skip_without_iterator(void)
{
	if (!cgfence_reconciler_uses_iterator(reports_reconciler()))
		holding_skip("this kernel has no iterator over descriptors");
}

void holding_limit(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIFETIME_SECONDS);
}

int holding_ready_descriptor(void)
{
	return ready_descriptor;
}

void holding_ready(int code)
{
	char byte = (char)code;

	if (ready_descriptor >= 0 && write(ready_descriptor, &byte, 1) == 1) {
		close(ready_descriptor);
		ready_descriptor = -1;
	}
}

static void run(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		void *argument)
{
	int code;

	signal(SIGALRM, SIG_DFL);
	holding_limit();
	prctl(PR_SET_NAME, "holder");
	code = harness_enter(cgroup) ? 255 : function(argument);
	holding_ready(code);
	while (code == 0)
		pause();
	_exit(code);
}

pid_t holding_start(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		    void *argument)
{
	unsigned char code = 254; /* it ended without a word */
	int ready[2];
	pid_t pid;

	cr_assert_lt(process_count, PROCESSES_MAX);
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	cr_assert_geq(pid, 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		close(ready[0]);
		ready_descriptor = ready[1];
		run(cgroup, function, argument);
	}
	close(ready[1]);
	processes[process_count++] = pid;
	if (read(ready[0], &code, 1) < 0)
		code = 253;
	close(ready[0]);
	cr_assert_eq(code, 0, "the process that was to hold sockets returned %u: %s", code,
		     strerror(code));
	return pid;
}

static void forget(pid_t pid)
{
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i] == pid)
			processes[i] = 0;
	}
}

void holding_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	forget(pid);
}

bool holding_lives(pid_t pid)
{
	if (waitpid(pid, NULL, WNOHANG) == 0)
		return true;
	forget(pid);
	return false;
}

bool holding_dies(pid_t pid)
{
	for (int i = 0; i < DEATH_TRIES; i++) {
		if (!holding_lives(pid))
			return true;
		usleep(1000);
	}
	return false;
}

static bool naps(pid_t pid)
{
	char path[64];
	long call = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%ld", &call) != 1)
		call = -1;
	if (file)
		fclose(file);
	return call == SYS_nanosleep || call == SYS_clock_nanosleep;
}

void holding_await_nap(pid_t pid)
{
	while (!naps(pid))
		sched_yield();
}

int holding_note(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || holding_board->count == HOLDING_SOCKETS)
		return -1;
	holding_board->inodes[holding_board->count] = (uint32_t)status.st_ino;
	return (int)holding_board->count++;
}

int holding_listen(const char *text)
{
	const struct endpoint endpoint = endpoint_parse(text);
	int fd = endpoint_open_free(text);

	if (fd < 0)
		return fd;
	if ((endpoint.type == SOCK_STREAM && listen(fd, BACKLOG) < 0) || holding_note(fd) < 0) {
		int code = errno;

		close(fd);
		return -code;
	}
	return fd;
}

int holding_listen_all(void *texts)
{
	for (const char *const *text = texts; *text; text++) {
		int fd = holding_listen(*text);

		if (fd < 0)
			return -fd;
	}
	return 0;
}

int holding_move_in(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(sockets_fence());
}

int holding_nothing(void *argument)
{
	(void)argument;
	return 0;
}

/* 0 if it is none of those on the board. */
static uint32_t inode_on_board(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
		return 0;
	for (uint32_t i = 0; i < holding_board->count; i++) {
		if (holding_board->inodes[i] == status.st_ino)
			return holding_board->inodes[i];
	}
	return 0;
}

void holding_keep(uint32_t inode)
{
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		uint32_t own = inode_on_board(fd);

		if (own && own != inode)
			close(fd);
	}
}

static int keep_and_enter(void *inode)
{
	holding_keep(*(uint32_t *)inode);
	return -harness_enter(sockets_fence());
}

int holding_share(const char *text, pid_t *pid)
{
	int fd = holding_listen(text);

	cr_assert_geq(fd, 0, "%s: %s", text, strerror(-fd));
	*pid = holding_start(harness_cgroup(), keep_and_enter,
			     &holding_board->inodes[holding_board->count - 1]);
	return fd;
}
