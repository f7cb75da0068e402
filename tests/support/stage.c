// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/stage.h"
#include "support/namespaces.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_SIZE 64
#define RANDOM_LENGTH 5

static int fail(struct cgfence_error *error, const char *what, int code)
{
	if (code)
		snprintf(error->text, sizeof(error->text), "%s: %s", what, strerror(-code));
	return code;
}

/*
 * By what mkdtemp(3) found: a number of a process may come again, and a killed test may have left the cgroup that was called by
 * it. It is as long as such a number, for tests of tables.
 */
static const char *cgroup_name(const char *name, const char *directory, char full[NAME_SIZE])
{
	snprintf(full, NAME_SIZE, "%s-%s", name, directory + strlen(directory) - RANDOM_LENGTH);
	return full;
}

int stage_open(struct stage *stage, const char *name, struct cgfence_error *error)
{
	struct cgfence_cgroup *root = NULL;
	char full[NAME_SIZE];
	int code;

	*stage = (struct stage){ 0 };
	snprintf(stage->directory, sizeof(stage->directory), "/tmp/%s-XXXXXX", name);
	code = fail(error, "cannot enter a mount namespace",
		    namespaces_enter_mount(stage->directory));
	if (code == 0)
		code = cgfence_cgroup_open("/", &root, error);
	if (code == 0)
		code = cgfence_cgroup_create(root, cgroup_name(name, stage->directory, full),
					     &stage->cgroup, error);
	cgfence_cgroup_close(root);
	return code;
}

int stage_close(struct stage *stage, struct cgfence_error *error)
{
	int removed = stage->cgroup ? cgfence_cgroup_remove(stage->cgroup, error) : 0;
	int left = namespaces_leave_mount(stage->directory);

	cgfence_cgroup_close(stage->cgroup);
	stage->cgroup = NULL;
	return removed ? removed : fail(error, stage->directory, left);
}

/* Taken by sigwait(), so that none of them ends a process before all is taken away. */
static sigset_t signals;

/* Of stage_run(). */
static const char *stage_name;
static int (*stage_function)(const struct stage *stage);

static int complain(const struct cgfence_error *error)
{
	fprintf(stderr, "%s: %s.\n", stage_name, error->text);
	return EXIT_FAILURE;
}

/* In a child that gets @end_signal if this process ends or is to end. */
static int run_in_child(int (*function)(const struct stage *stage), const struct stage *stage,
			int end_signal)
{
	pid_t parent = getpid();
	int ended_by = 0;
	int status = 0;
	pid_t child;
	int signal;

	fflush(NULL);
	child = fork();
	if (child < 0)
		return EXIT_FAILURE;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, end_signal);
		/* The parent may have ended before the kernel was told. */
		status = getppid() == parent ? function(stage) : EXIT_FAILURE;
		fflush(NULL);
		_exit(status);
	}
	while (waitpid(child, &status, WNOHANG) != child) {
		sigwait(&signals, &signal);
		if (signal == SIGCHLD)
			continue;
		ended_by = signal;
		kill(child, end_signal);
	}
	if (ended_by)
		return 128 + ended_by;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int perform(const struct stage *stage)
{
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return stage_function(stage);
}

static int open_and_close(const struct stage *unused)
{
	struct cgfence_error error = { 0 };
	struct stage stage;
	int status;

	(void)unused;
	if (stage_open(&stage, stage_name, &error))
		status = complain(&error);
	else
		status = run_in_child(perform, &stage, SIGKILL);
	return stage_close(&stage, &error) ? complain(&error) : status;
}

int stage_run(const char *name, int (*function)(const struct stage *stage))
{
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stage_name = name;
	stage_function = function;
	return run_in_child(open_and_close, NULL, SIGTERM);
}
