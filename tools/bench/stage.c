// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stage.h"
#include "cgroup/cgroup.h"

#include <cgfence/cgfence.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int complain(const char *what)
{
	fprintf(stderr, "bench: %s: %s.\n", what, strerror(errno));
	return -1;
}

static int complain_of(const struct cgfence_error *error)
{
	fprintf(stderr, "bench: %s.\n", error->text);
	return -1;
}

static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);

	if (fd >= 0)
		close(fd);
	return result;
}

static int enter_namespaces(struct stage *stage)
{
	strcpy(stage->directory, "/tmp/cgfence-bench-XXXXXX");
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return complain("cannot make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0)
		return complain("cannot mount a bpffs");
	if (raise_loopback() < 0)
		return complain("cannot bring the loopback interface up");
	if (!mkdtemp(stage->directory))
		return complain("cannot make a directory");
	if (mount("tmpfs", stage->directory, "tmpfs", 0, NULL) < 0)
		return complain("cannot mount a tmpfs");
	return 0;
}

static int make_cgroups(struct stage *stage)
{
	struct cgfence_cgroup *root = NULL;
	struct cgfence_cgroup *work = NULL;
	struct cgfence_error error = { 0 };
	char name[64];
	int result = 0;

	snprintf(name, sizeof(name), "cgfence-bench-%d", getpid());
	if (cgfence_cgroup_open("/", &root, &error) ||
	    cgfence_cgroup_create(root, name, &stage->cgroup, &error) ||
	    cgfence_cgroup_create(stage->cgroup, "own", &stage->own, &error) ||
	    cgfence_cgroup_create(stage->cgroup, "work", &work, &error))
		result = complain_of(&error);
	else
		snprintf(stage->work, sizeof(stage->work), "%s", cgroup_directory(work));
	cgfence_cgroup_close(work);
	cgfence_cgroup_close(root);
	return result;
}

static void list_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

int stage_open(struct stage *stage)
{
	sigset_t signals;

	/* Taken by wait_for(), so that none of them ends this process before all is removed. */
	list_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	*stage = (struct stage){ 0 };
	if (enter_namespaces(stage) == 0 && make_cgroups(stage) == 0)
		return 0;
	stage_close(stage);
	return -1;
}

static int run_in_child(const struct stage *stage, int (*function)(void *argument), void *argument)
{
	int fd = openat(cgfence_cgroup_fd(stage->own), "cgroup.procs", O_WRONLY | O_CLOEXEC);
	sigset_t signals;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	list_signals(&signals);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		complain("cannot enter the cgroup");
		return EXIT_FAILURE;
	}
	close(fd);
	return function(argument);
}

/* Waits for the child, or for a signal that ends both. */
static int wait_for(pid_t child)
{
	int status = 0;
	sigset_t signals;
	int signal;

	list_signals(&signals);
	for (;;) {
		sigwait(&signals, &signal);
		if (signal != SIGCHLD) {
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
			return 128 + signal;
		}
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

int stage_run(const struct stage *stage, int (*function)(void *argument), void *argument)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child < 0) {
		complain("cannot fork");
		return EXIT_FAILURE;
	}
	if (child == 0) {
		int status = run_in_child(stage, function, argument);

		fflush(NULL);
		_exit(status);
	}
	return wait_for(child);
}

int stage_close(struct stage *stage)
{
	struct cgfence_error error = { 0 };
	int result = 0;

	if (stage->cgroup && cgfence_cgroup_remove(stage->cgroup, &error))
		result = complain_of(&error);
	cgfence_cgroup_close(stage->own);
	cgfence_cgroup_close(stage->cgroup);
	umount2(stage->directory, MNT_DETACH);
	if (rmdir(stage->directory) < 0 && errno != ENOENT && errno != EINVAL)
		result = complain(stage->directory);
	return result;
}
