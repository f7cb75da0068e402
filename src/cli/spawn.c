// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/spawn.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/environment.h"
#include "cli/strays.h"
#include "cli/terminal.h"
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Strays are looked for at such intervals, each twice as long as the one before. */
#define LOOK_FIRST_MS 10
#define LOOK_LAST_MS 30000

#define TICK_MS 50

/* What a fault of cgfence itself raises is not the command's, and SIGCHLD tells of the command. */
static const int kept_signals[] = { SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGTRAP,
				    SIGSYS,  SIGABRT, SIGPIPE, SIGCHLD };

/* How this process was started, which the command finds too. */
struct inheritance {
	pid_t pid;
	sigset_t mask;
	sighandler_t child_handler; /* of SIGCHLD */
};

struct running {
	pid_t child;
	bool adopts; /* orphans of the command are children of this process */
	int wait_status;
	sigset_t signals;
	struct strays strays;
	const struct spawn_options *options;
};

/* All but those kept are forwarded, as they would reach the command if it stood in the place of this process. */
static void block_signals(sigset_t *blocked, struct inheritance *inheritance)
{
	/* The parent may have left SIGCHLD ignored; then the command could not be waited for. */
	inheritance->child_handler = signal(SIGCHLD, SIG_DFL);
	sigfillset(blocked);
	for (size_t i = 0; i < sizeof(kept_signals) / sizeof(kept_signals[0]); i++)
		sigdelset(blocked, kept_signals[i]);
	sigaddset(blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, blocked, &inheritance->mask);
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* @failure: the end of a pipe that an execution closes; a byte in it tells that there was none */
static __attribute__((noreturn)) void exec_command(char *const *command,
						   const struct spawn_options *options,
						   const struct inheritance *inheritance,
						   int failure)
{
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != inheritance->pid) /* the parent died before prctl() took effect */
		_exit(STATUS_RUN_FAILED);
	code = -terminal_forbid_typing();
	if (code)
		output_complain("cannot keep the command from typing into its terminal: %s",
				strerror(code));
	if (options->output_to_errors)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	environment_take_over(inheritance->pid);
	signal(SIGCHLD, inheritance->child_handler);
	sigprocmask(SIG_SETMASK, &inheritance->mask, NULL);
	execvp(command[0], command);
	code = errno;
	if (write(failure, "", 1) < 0)
		_exit(STATUS_RUN_FAILED);
	output_complain("cannot run '%s': %s", command[0], strerror(code));
	_exit(code == ENOENT ? STATUS_RUN_NOT_FOUND : STATUS_RUN_CANNOT);
}

/*
 * What the keys and the size of the terminal raise goes to the whole foreground process group. A hangup goes to the leader
 * of the session alone, and to the group only where somebody else is that (disassociate_ctty(), drivers/tty). Other signals
 * of the kernel, as of an alarm(2) that was set before this program was executed, go to this process alone.
 */
static bool goes_to_group(int signal)
{
	switch (signal) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		return true;
	case SIGHUP:
	case SIGCONT:
		return getsid(0) != getpid();
	default:
		return false;
	}
}

/* The command has what went to its process group too, and what it sent to that itself. */
static void forward_signal(const siginfo_t *signal, pid_t child)
{
	bool has_it = signal->si_code == SI_KERNEL ? goes_to_group(signal->si_signo)
						   : signal->si_pid == child;

	if (signal->si_code == SI_QUEUE)
		sigqueue(child, signal->si_signo, signal->si_value);
	else if (!has_it)
		kill(child, signal->si_signo);
}

static bool is_pending(int signal)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

/* Each is looked at before it is waited for, while its cgroup can be told. Return: true once the command has ended. */
static bool reap(struct running *running)
{
	idtype_t type = running->adopts ? P_ALL : P_PID;
	bool ended = false;
	siginfo_t info = { 0 };

	while (!ended || running->adopts) {
		int status;

		info.si_pid = 0;
		if (waitid(type, (id_t)running->child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    !info.si_pid)
			break;
		strays_look_at(&running->strays, info.si_pid, getpid());
		waitpid(info.si_pid, &status, 0);
		if (info.si_pid != running->child)
			continue;
		running->wait_status = status;
		ended = true;
	}
	info.si_pid = 0;
	/* So that the shell sees the job stopped; SIGCONT is forwarded. Stopping would lose one that came already (signal(7)). */
	if (!ended && waitid(P_PID, (id_t)running->child, &info, WSTOPPED | WNOHANG) == 0 &&
	    info.si_pid && !is_pending(SIGCONT))
		raise(SIGSTOP);
	return ended;
}

static void look_around(struct running *running)
{
	strays_look_below(&running->strays, running->adopts ? getpid() : running->child);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / (1000 * 1000);
}

/* Return: did a signal come before @deadline_ms? */
static bool next_signal(const sigset_t *signals, int64_t deadline_ms, siginfo_t *signal)
{
	int64_t left_ms = deadline_ms - now_ms();
	struct timespec left = { 0 };

	if (left_ms > 0) {
		left.tv_sec = left_ms / 1000;
		left.tv_nsec = left_ms % 1000 * 1000 * 1000;
	}
	return sigtimedwait(signals, signal, &left) >= 0;
}

/* When to wake up if no signal comes. */
static int64_t deadline_ms(const struct running *running, int64_t look_ms)
{
	int64_t tick_ms = now_ms() + TICK_MS;

	return running->options->tick && tick_ms < look_ms ? tick_ms : look_ms;
}

static void wait_for_end(struct running *running)
{
	int64_t interval_ms = LOOK_FIRST_MS;
	int64_t look_ms = now_ms() + interval_ms;
	siginfo_t signal;

	for (;;) {
		bool signalled =
			next_signal(&running->signals, deadline_ms(running, look_ms), &signal);

		if (running->options->tick)
			running->options->tick(running->options->context);
		if (!signalled) {
			if (now_ms() < look_ms)
				continue;
			look_around(running);
			interval_ms = interval_ms < LOOK_LAST_MS / 2 ? interval_ms * 2
								     : LOOK_LAST_MS;
			look_ms = now_ms() + interval_ms;
		} else if (signal.si_signo != SIGCHLD) {
			forward_signal(&signal, running->child);
		} else if (reap(running)) {
			return;
		}
	}
}

static int open_failure(int *read_end, int *write_end, struct cgfence_error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, errno, "cannot make a pipe: %s", strerror(errno));
	*read_end = ends[0];
	*write_end = ends[1];
	return 0;
}

int spawn_and_wait(const struct cgfence_cgroup *cgroup, char *const *command,
		   const struct spawn_options *options, int *exit_status,
		   struct cgfence_error *error)
{
	static const struct spawn_options usual = { 0 };
	struct inheritance inheritance = { .pid = getpid() };
	struct running running = { .strays = { .fence = cgroup },
				   .options = options ? options : &usual };
	cleanup_close int failure_read = -1;
	cleanup_close int failure = -1;
	int result = open_failure(&failure_read, &failure, error);
	int status;
	char byte;

	if (result)
		return result;
	block_signals(&running.signals, &inheritance);
	/* If the caller left children here, theirs could not be told from those of the command. */
	running.adopts = !has_children() && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
	result = cgfence_cgroup_fork(cgroup, SIGCHLD, &running.child, error);
	if (result) {
		sigprocmask(SIG_SETMASK, &inheritance.mask, NULL);
		return result;
	}
	if (running.child == 0)
		exec_command(command, running.options, &inheritance, failure);
	close(cleanup_steal_descriptor(&failure));
	wait_for_end(&running);
	look_around(&running);
	strays_free(&running.strays);
	status = running.wait_status;
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (running.options->executed)
		*running.options->executed = read(failure_read, &byte, 1) == 0;
	return 0;
}
