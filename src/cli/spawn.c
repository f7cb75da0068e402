// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/spawn.h"
#include "report/output.h"
#include "base/error.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded_signals[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
					 SIGUSR2, SIGTSTP, SIGCONT, SIGALRM };

static void block_signals(sigset_t *blocked, sigset_t *before)
{
	/* The parent may have left SIGCHLD ignored; then the command could not be waited for. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(blocked);
	sigaddset(blocked, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded_signals) / sizeof(forwarded_signals[0]); i++)
		sigaddset(blocked, forwarded_signals[i]);
	sigprocmask(SIG_BLOCK, blocked, before);
}

/* clone(2): CLONE_INTO_CGROUP, Linux 5.7; glibc has no wrapper. */
static pid_t fork_into_cgroup(int cgroup_fd)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup_fd,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static __attribute__((noreturn)) void exec_command(char *const *command, pid_t parent,
						   const sigset_t *mask)
{
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* the parent died before prctl() took effect */
		_exit(STATUS_RUN_FAILED);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	code = errno;
	output_complain("cannot run '%s': %s", command[0], strerror(code));
	_exit(code == ENOENT ? STATUS_RUN_NOT_FOUND : STATUS_RUN_CANNOT);
}

/* A signal from the terminal (SI_KERNEL) goes to the whole foreground process group, so the command has it. */
static void forward_signal(const siginfo_t *signal, pid_t child)
{
	if (signal->si_code != SI_KERNEL)
		kill(child, signal->si_signo);
}

/* Return: true once the command has ended. */
static bool reap(pid_t child, int *exit_status)
{
	int status;

	if (waitpid(child, &status, WNOHANG | WUNTRACED) != child)
		return false;
	if (WIFSTOPPED(status)) {
		raise(SIGSTOP); /* so that the shell sees the job stopped; SIGCONT is forwarded */
		return false;
	}
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

int spawn_and_wait(const struct cgfence_cgroup *cgroup, char *const *command, int *exit_status,
		   struct cgfence_error *error)
{
	pid_t parent = getpid();
	sigset_t blocked;
	sigset_t before;
	siginfo_t signal;
	pid_t child;

	block_signals(&blocked, &before);
	child = fork_into_cgroup(cgfence_cgroup_fd(cgroup));
	if (child == 0)
		exec_command(command, parent, &before);
	if (child < 0) {
		int code = errno;

		sigprocmask(SIG_SETMASK, &before, NULL);
		return error_set(error, code, "cannot start a process in the cgroup %s: %s",
				 cgfence_cgroup_path(cgroup),
				 code == ENOSYS ? "this kernel has no clone3(2)" : strerror(code));
	}
	for (;;) {
		if (sigwaitinfo(&blocked, &signal) < 0)
			continue;
		if (signal.si_signo != SIGCHLD)
			forward_signal(&signal, child);
		else if (reap(child, exit_status))
			return 0;
	}
}
