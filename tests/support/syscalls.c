// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/syscalls.h"
#include "support/children.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OF_SYSCALL (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

/* The calls between the two stops are those of the function, and the one that makes the second stop. */
static void run(bool (*function)(void *context), void *context)
{
	bool useful;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(2);
	kill(getpid(), SIGSTOP);
	useful = function(context);
	kill(getpid(), SIGSTOP);
	_exit(useful ? 0 : 2);
}

/* Return: the signal that stopped it, 0 if it has ended. */
static int wait_for_stop(pid_t pid)
{
	int status;

	return waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

long syscalls_count(bool (*function)(void *context), void *context)
{
	pid_t pid = children_fork();
	long stops = 0;
	int signal;
	int status;

	if (pid == 0)
		run(function, context);
	if (pid < 0)
		return -1;
	if (wait_for_stop(pid) != SIGSTOP ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, __WALL);
		return -1;
	}
	do {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		signal = wait_for_stop(pid);
		stops += signal == OF_SYSCALL;
	} while (signal && signal != SIGSTOP);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	if (waitpid(pid, &status, __WALL) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	/* A stop at the entry and at the exit of each, and those of getpid(2) and kill(2) behind it. */
	return stops / 2 - 2;
}
