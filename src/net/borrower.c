// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/borrower.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/yield.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 1000

/* How long nobody looks at events meanwhile. */
#define TURN_MS 10

/* How often in a pass an answer is awaited in vain. */
#define VAIN_MAX 8

/* Processes that were left behind and are still there. */
#define LEFT_MAX 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Does this thread wait for an answer already, and is in the function of yield_set()? */
static _Thread_local bool asking;

static struct {
	int socket; /* -1 if there is no process */
	pid_t pid;
	borrower_take *take;
	int vain;
	uint32_t vain_thread; /* the last one for which it was */
	pid_t left[LEFT_MAX];
	int left_count;
} borrower = { .socket = -1 };

/* Whoever has this process for its parent too may have waited for it. Return: has it ended? */
static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

static void forget_those_that_ended(void)
{
	int kept = 0;

	for (int i = 0; i < borrower.left_count; i++) {
		if (!has_ended(borrower.left[i]))
			borrower.left[kept++] = borrower.left[i];
	}
	borrower.left_count = kept;
}

/* One that somebody waited for already has no number any more, which may be another process's by now. */
static void leave_behind(void)
{
	if (has_ended(borrower.pid))
		return;
	kill(borrower.pid, SIGKILL);
	if (!has_ended(borrower.pid))
		borrower.left[borrower.left_count++] = borrower.pid;
}

/* Return: has it come? */
static bool comes(struct pollfd *event, int wait_ms)
{
	int result;

	do
		result = poll(event, 1, wait_ms);
	while (result < 0 && errno == EINTR);
	return result == 1;
}

/* A task may keep whoever asks for its descriptors waiting, but not those who have listeners of others to deal with. */
static bool comes_in_time(struct pollfd *event)
{
	uint64_t end_ns = boot_time_ns() + ANSWER_MS * 1000000ULL;
	bool has_come = comes(event, TURN_MS);

	while (!has_come && boot_time_ns() < end_ns) {
		yield_now();
		has_come = comes(event, TURN_MS);
	}
	return has_come;
}

/* It ends by itself when nobody can ask any more, unless it waits for something. */
static void stop(void)
{
	cleanup_close int pidfd = -1;

	if (borrower.socket < 0)
		return;
	cleanup_close_descriptor(&borrower.socket);
	borrower.socket = -1;
	pidfd = (int)syscall(SYS_pidfd_open, borrower.pid, 0);
	if (pidfd >= 0)
		comes(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, ANSWER_MS);
	leave_behind();
}

static int start(borrower_take *take)
{
	int pair[2];
	pid_t pid;

	forget_those_that_ended();
	if (borrower.left_count == LEFT_MAX)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		borrower_serve(pair[1], take);
	if (pid < 0) {
		int code = errno;

		close(pair[0]);
		close(pair[1]);
		return -code;
	}
	close(pair[1]);
	borrower.socket = pair[0];
	borrower.pid = pid;
	borrower.take = take;
	return 0;
}

/* Return: a descriptor; -ETIMEDOUT; -EPIPE if the process has ended; another -errno, also of the answer. */
static int await_answer(void)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	int code = 0;
	struct iovec part = { .iov_base = &code, .iov_len = sizeof(code) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd answer = { .fd = borrower.socket, .events = POLLIN };
	int fd;

	if (!comes_in_time(&answer))
		return -ETIMEDOUT;
	if (recvmsg(borrower.socket, &message, MSG_CMSG_CLOEXEC) != sizeof(code))
		return -EPIPE;
	if (code)
		return code;
	/* There was no room for the descriptor. */
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

/* Return: as await_answer() */
static int ask_once(borrower_take *take, const struct cgfence_holder *holder)
{
	int result = 0;

	if (borrower.take != take)
		stop();
	if (borrower.socket < 0)
		result = start(take);
	if (result)
		return result;
	return send(borrower.socket, holder, sizeof(*holder), MSG_NOSIGNAL) == sizeof(*holder)
		       ? await_answer()
		       : -EPIPE;
}

static int ask(borrower_take *take, const struct cgfence_holder *holder)
{
	int result;

	if (borrower.vain == VAIN_MAX || (borrower.vain && borrower.vain_thread == holder->thread))
		return -ETIMEDOUT;
	result = ask_once(take, holder);
	/* It ends when it was not asked for a while. */
	if (result == -EPIPE) {
		stop();
		result = ask_once(take, holder);
	}
	if (result != -ETIMEDOUT)
		return result;
	borrower.vain++;
	borrower.vain_thread = holder->thread;
	cleanup_close_descriptor(&borrower.socket);
	borrower.socket = -1;
	leave_behind();
	return result;
}

int borrower_ask(borrower_take *take, const struct cgfence_holder *holder)
{
	int result;

	if (asking)
		return -EBUSY;
	pthread_mutex_lock(&lock);
	asking = true;
	result = ask(take, holder);
	asking = false;
	pthread_mutex_unlock(&lock);
	return result;
}

void borrower_end(void)
{
	if (asking)
		return;
	pthread_mutex_lock(&lock);
	stop();
	borrower.vain = 0;
	pthread_mutex_unlock(&lock);
}
