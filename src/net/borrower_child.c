// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/borrower_child.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* Whoever asks no more, but may wait for all its children, need not end this one. */
#define IDLE_S 1

/* What a request may take. A process in execve(2) keeps others from its descriptors as long as it likes. */
#define REQUEST_S 3

/* @fd: -errno if there is none */
static void answer(int to, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	int code = fd < 0 ? fd : 0;
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

static int option_of(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

/* A connection waits until all is sent, if its process wants it so (SO_LINGER, socket(7)), and so do other protocols. */
static bool closes_at_once(int fd)
{
	int domain = option_of(fd, SO_DOMAIN);
	int protocol = option_of(fd, SO_PROTOCOL);

	if (domain == AF_UNIX)
		return true;
	if ((domain != AF_INET && domain != AF_INET6) || protocol < 0)
		return false;
	return cgfence_is_udp((uint32_t)protocol) ||
	       (cgfence_is_tcp((uint32_t)protocol) && option_of(fd, SO_ACCEPTCONN) == 1);
}

static void serve_one(int socket, const struct cgfence_holder *holder, borrower_take *take)
{
	int fd;

	alarm(REQUEST_S);
	fd = take(holder);
	answer(socket, fd < 0 || closes_at_once(fd) ? fd : -EBADF);
	/* The answer is there already if this takes for ever. */
	if (fd >= 0)
		close(fd);
	alarm(0);
}

void borrower_serve(int socket, borrower_take *take)
{
	const struct timeval idle = { .tv_sec = IDLE_S };
	struct cgfence_holder holder;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	/* What the other process has open, locks among it, must not stay with one that may be left behind. */
	dup2(socket, 0);
	syscall(SYS_close_range, 1, ~0U, 0);
	setsockopt(0, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	while (recv(0, &holder, sizeof(holder), 0) == sizeof(holder))
		serve_one(0, &holder, take);
	_exit(0);
}
