// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/scratch.h"
#include "base/abandoned.h"
#include "base/cleanup.h"
#include "base/yield.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_PREFIX "cgfence-scratch-"

#define YIELD_MS 10
/* More than are needed one in the other. */
#define OF_THREAD_MAX 4

static int make_below(const char *parent, struct cgfence_cgroup **cgroup,
		      struct cgfence_error *error)
{
	struct cgfence_cgroup *root = NULL;
	char name[64];
	int result = cgfence_cgroup_open(parent, &root, error);

	if (result)
		return result;
	abandoned_remove(cgfence_cgroup_fd(root), NAME_PREFIX);
	/* By thread, for threads of a program may do this at once, and one may have several. */
	for (int i = 0; i < OF_THREAD_MAX; i++) {
		snprintf(name, sizeof(name), NAME_PREFIX "%d-%d", (int)syscall(SYS_gettid), i);
		result = cgfence_cgroup_create(root, name, cgroup, error);
		if (result != -EEXIST)
			break;
	}
	if (result == 0)
		flock(cgfence_cgroup_fd(*cgroup), LOCK_EX | LOCK_NB);
	cgfence_cgroup_close(root);
	return result;
}

/* A container may have the whole hierarchy read-only, and its own part not. */
static const char *const parents[] = { "/", "pid:self" };

void scratch_sweep(void)
{
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		struct cgfence_cgroup *parent = NULL;

		if (cgfence_cgroup_open(parents[i], &parent, NULL))
			continue;
		abandoned_remove(cgfence_cgroup_fd(parent), NAME_PREFIX);
		cgfence_cgroup_close(parent);
	}
}

int scratch_open(struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	int result = make_below(parents[0], cgroup, error);

	return result == -EROFS ? make_below(parents[1], cgroup, error) : result;
}

void scratch_close(struct cgfence_cgroup *cgroup)
{
	if (cgroup)
		cgfence_cgroup_remove(cgroup, NULL);
	cgfence_cgroup_close(cgroup);
}

/* Until it ends, the caller may look at its events. */
static void await_end(pid_t child)
{
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN };

	if (end.fd < 0)
		return;
	while (poll(&end, 1, YIELD_MS) == 0)
		yield_now();
	close(end.fd);
}

static int run(const struct cgfence_cgroup *cgroup, int (*function)(void *context), void *context,
	       bool yields)
{
	pid_t child = -1;
	int result = cgfence_cgroup_fork(cgroup, 0, &child, NULL);
	int status;

	if (result)
		return result;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(function(context));
	}
	if (yields)
		await_end(child);
	while (waitpid(child, &status, __WALL) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int scratch_run(const struct cgfence_cgroup *cgroup, int (*function)(void *context), void *context)
{
	return run(cgroup, function, context, false);
}

int scratch_run_long(const struct cgfence_cgroup *cgroup, int (*function)(void *context),
		     void *context)
{
	return run(cgroup, function, context, true);
}
