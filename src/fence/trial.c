// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The mount namespace is of a thread, for the caller may have others. A fence ends there with the bpffs that has its
 * pins.
 */
#include "base/error.h"
#include "cgroup/scratch.h"
#include "kernel/bpffs.h"

#include <cgfence/trial.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

struct stage {
	cgfence_trial *trial;
	void *context;
	struct cgfence_error error;
	int result;
};

static int set_up(struct cgfence_error *error)
{
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(error, errno, "cannot make a mount namespace to try in: %s%s",
				 strerror(errno),
				 errno == EPERM ? "; that needs CAP_SYS_ADMIN" : "");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", BPFFS_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return error_set(error, errno, "cannot mount a bpffs on " BPFFS_POINT ": %s",
				 strerror(errno));
	return 0;
}

static void *run(void *argument)
{
	struct stage *stage = argument;
	struct cgfence_cgroup *cgroup = NULL;

	stage->result = set_up(&stage->error);
	if (stage->result)
		return NULL;
	stage->result = scratch_open(&cgroup, &stage->error);
	if (stage->result == 0)
		stage->trial(cgroup, stage->context);
	scratch_close(cgroup);
	/* The namespace would go a moment after the thread. */
	umount2(BPFFS_POINT, MNT_DETACH);
	return NULL;
}

int cgfence_trial_run(cgfence_trial *trial, void *context, struct cgfence_error *error)
{
	struct stage stage = { .trial = trial, .context = context };
	pthread_t thread;
	int code = pthread_create(&thread, NULL, run, &stage);

	if (code)
		return error_set(error, code, "cannot start a thread to try in: %s",
				 strerror(code));
	pthread_join(thread, NULL);
	if (stage.result && error)
		*error = stage.error;
	return stage.result;
}
