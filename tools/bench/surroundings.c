// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREAD_NETNS "/proc/thread-self/ns/net"

static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

int surroundings_enter_netns(int *before)
{
	int fd = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	result = raise_loopback();
	if (result)
		surroundings_leave_netns(fd);
	else
		*before = fd;
	return result;
}

void surroundings_leave_netns(int before)
{
	if (setns(before, CLONE_NEWNET) < 0)
		abort(); /* what comes next would be measured in another place than it says */
	close(before);
}

void surroundings_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct cgfence_cgroup *surroundings_make_cgroup(struct bench *bench, const char *name)
{
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *parent = NULL;
	struct cgfence_cgroup *made = NULL;

	if (cgfence_cgroup_open(bench_cgroup(bench), &parent, &error) == 0)
		cgfence_cgroup_create(parent, name, &made, &error);
	cgfence_cgroup_close(parent);
	if (!made)
		bench_skip(bench, "no cgroup to measure in: %s", error.text);
	return made;
}

static int attach(const struct cgfence_cgroup *cgroup, const char *json,
		  struct cgfence_error *error)
{
	enum cgfence_attach_result result;
	struct cgfence_policy *policy = NULL;
	char *text = strdup(json);
	int code = -ENOMEM;

	for (char *quote = text; quote && (quote = strchr(quote, '\'')); quote++)
		*quote = '"';
	if (text)
		code = cgfence_policy_parse(text, strlen(text), "the benchmark", &policy, error);
	if (code == 0)
		code = cgfence_fence_attach(cgroup, policy, 0, &result, error);
	cgfence_policy_free(policy);
	free(text);
	return code;
}

struct cgfence_cgroup *surroundings_make_fence(struct bench *bench, const char *name,
					       const char *policy)
{
	struct cgfence_cgroup *cgroup = surroundings_make_cgroup(bench, name);
	struct cgfence_error error = { 0 };

	if (!cgroup || attach(cgroup, policy, &error) == 0)
		return cgroup;
	bench_skip(bench, "no fence to measure: %s", error.text);
	surroundings_remove(cgroup);
	return NULL;
}

void surroundings_remove(struct cgfence_cgroup *cgroup)
{
	bool detached;

	if (!cgroup)
		return;
	cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, NULL);
	cgfence_cgroup_remove(cgroup, NULL);
	cgfence_cgroup_close(cgroup);
}

int surroundings_enter_cgroup(const struct cgfence_cgroup *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int result = fd < 0 || write(fd, "0", 1) != 1 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

/* @parent may have ended before the kernel was told. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

pid_t surroundings_fork(const struct cgfence_cgroup *cgroup, int kept)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	die_with(parent);
	if (cgroup && surroundings_enter_cgroup(cgroup))
		_exit(EXIT_FAILURE);
	if (kept >= 0 && kept != 3 && dup2(kept, 3) < 0)
		_exit(EXIT_FAILURE);
	close_range(kept < 0 ? 3 : 4, ~0U, 0);
	return 0;
}

void surroundings_reap(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

pid_t surroundings_spawn(const char *const *words)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t parent = getpid();
	pid_t pid = null < 0 ? -1 : fork();

	if (pid == 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		die_with(parent);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	if (null >= 0)
		close(null);
	return pid;
}

int surroundings_run(const char *const *words)
{
	pid_t pid = surroundings_spawn(words);
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

void surroundings_nap_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}
