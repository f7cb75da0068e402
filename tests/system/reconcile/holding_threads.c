// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes with threads that differ from their leader. */
#include "holding.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void holding_wait(void)
{
	for (;;)
		pause();
}

int holding_start_thread(void *(*function)(void *argument), void *argument)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, function, argument);
}

bool holding_can_ask_threads(void)
{
	/* O_EXCL is PIDFD_OF_THREAD (include/uapi/linux/pidfd.h). */
	int fd = (int)syscall(SYS_pidfd_open, getpid(), O_EXCL);

	close(fd);
	return fd >= 0;
}

static bool leader_is_gone(void)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[128] = "";
	bool gone = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, ") Z ");

	close(fd);
	return gone;
}

static void *outlive_leader(void *argument)
{
	prctl(PR_SET_NAME, "last-thread");
	while (!leader_is_gone())
		usleep(1000);
	holding_ready(0);
	holding_wait();
	return argument;
}

int holding_lose_leader(void)
{
	int code = holding_start_thread(outlive_leader, NULL);

	/* exit(2) ends the thread alone. */
	if (code == 0)
		syscall(SYS_exit, 0);
	return code;
}

void holding_make_threaded(const struct cgfence_cgroup *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.type", O_WRONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && write(fd, "threaded", 8) == 8, "cgroup.type: %s", strerror(errno));
	close(fd);
}

static void *enter(void *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.threads", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_NAME, "inside");
	holding_ready(fd < 0 || write(fd, "0", 1) != 1);
	holding_wait();
	return NULL;
}

int holding_enter_with_thread(struct cgfence_cgroup *cgroup)
{
	int code = holding_start_thread(enter, cgroup);

	if (code == 0)
		holding_wait();
	return code;
}
