// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/borrow_child.h"
#include "base/cleanup.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that calls execve(2) keeps others from its descriptors as long as it likes (exec_update_lock). */
#define ANSWER_US (500 * 1000)
#define CHILD_S 2

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

/* ---- the child ---- */

/* @fd: -errno if there is none */
static void answer(int to, int fd)
{
	int code = fd < 0 ? fd : 0;
	union control control = { 0 };
	struct iovec part = { .iov_base = &code, .iov_len = sizeof(code) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	sendmsg(to, &message, MSG_NOSIGNAL);
}

/* One of TCP that is connected may wait until all is sent (SO_LINGER). */
static bool closes_at_once(int fd)
{
	int protocol = 0;
	int listens = 0;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0)
		return false;
	return listens || !cgfence_is_tcp((uint32_t)protocol);
}

/* What the parent has open, locks among it, must not stay with a process that is left behind. */
static void __attribute__((noreturn))
take_and_answer(int to, int (*take)(const void *argument), const void *argument)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	alarm(CHILD_S);
	dup2(to, 0);
	syscall(SYS_close_range, 1, ~0U, 0);
	fd = take(argument);
	answer(0, fd < 0 || closes_at_once(fd) ? fd : -EBADF);
	_exit(0);
}

/* ---- the parent ---- */

/* The child is that of a child that ends at once, so that nobody has to wait for it. Return: 0 or -errno. */
static int start(int to, int (*take)(const void *argument), const void *argument)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			take_and_answer(to, take, argument);
		_exit(pid < 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EAGAIN : 0;
}

static int await_answer(int from)
{
	const struct timeval timeout = { .tv_usec = ANSWER_US };
	int code = 0;
	union control control = { 0 };
	struct iovec part = { .iov_base = &code, .iov_len = sizeof(code) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;
	int fd;

	setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	do
		got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(code))
		return -ETIMEDOUT;
	if (code)
		return code;
	/* There was no room for the descriptor. */
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

int borrow_by_child(int (*take)(const void *argument), const void *argument)
{
	cleanup_close int parent = -1;
	int pair[2];
	int result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	parent = pair[0];
	result = start(pair[1], take, argument);
	close(pair[1]);
	return result ? result : await_answer(parent);
}
