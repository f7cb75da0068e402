// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "holder.h"
#include "support/children.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 60000
#define QUEUE 4096 /* nobody accepts */
#define POLL_MS 20
#define PATIENCE_S 60

/* The message of a holder that is ready. */
struct greeting {
	int code; /* errno value, 0 if all is well */
	uint16_t port;
};

static int bind_recycled(int fd, const char *text)
{
	const struct endpoint endpoint = endpoint_parse(text);

	return fd >= 0 && bind(fd, &endpoint.address.any, endpoint.length) < 0 ? -errno : fd;
}

static int hold(const struct holder_options *options, struct greeting *greeting)
{
	int fd;

	int recycled = options->recycled ? endpoint_recycled() : -1;

	/* A pass may find it as soon as it is in the cgroup. */
	if (options->comm)
		prctl(PR_SET_NAME, options->comm);
	if (!options->moved_in && harness_enter(options->cgroup))
		return EPERM;
	fd = options->recycled ? bind_recycled(recycled, options->endpoint)
			       : endpoint_open(options->endpoint);
	if (fd < 0)
		return -fd;
	if (strncmp(options->endpoint, "udp", 3) != 0 && listen(fd, QUEUE) < 0)
		return errno;
	for (unsigned int i = 0; i < options->more; i++) {
		char text[32];
		int other;

		snprintf(text, sizeof(text), "tcp 127.0.0.1 %u", 7001 + i);
		other = endpoint_open(text);
		if (other < 0 || listen(other, QUEUE) < 0)
			return errno;
	}
	if (options->moved_in && harness_enter(options->cgroup))
		return EPERM;
	if (options->leaves && harness_enter(harness_cgroup()))
		return EPERM;
	if (options->argument)
		fcntl(fd, F_SETFD, 0);
	greeting->port = endpoint_port(fd);
	return 0;
}

static __attribute__((noreturn)) void run_holder(const struct holder_options *options, int pipe)
{
	struct greeting greeting = { 0 };

	greeting.code = hold(options, &greeting);
	if (write(pipe, &greeting, sizeof(greeting)) != sizeof(greeting) || greeting.code)
		_exit(1);
	/* A shell that reads and never gets anything. exec closes the pipe, which shows that the shell runs. */
	if (options->argument)
		execl("/bin/sh", "sh", "-c", "kill -STOP $$", options->argument, NULL);
	close(pipe);
	for (;;)
		pause();
}

void holder_start(struct holder *holder, const struct holder_options *options)
{
	struct greeting greeting = { .code = EPIPE };
	int ready[2];
	char none;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	holder->pid = harness_fork();
	cr_assert_geq(holder->pid, 0, "fork: %s", strerror(errno));
	if (holder->pid == 0)
		run_holder(options, ready[1]);
	close(ready[1]);
	if (read(ready[0], &greeting, sizeof(greeting)) != sizeof(greeting))
		greeting.code = EPIPE;
	cr_assert_eq(read(ready[0], &none, 1), 0);
	close(ready[0]);
	cr_assert_eq(greeting.code, 0, "%s: %s", options->endpoint, strerror(greeting.code));
	holder->port = greeting.port;
}

void holder_start_excess(struct holder *holder, const struct cgfence_cgroup *cgroup)
{
	const struct holder_options options = {
		.cgroup = cgroup,
		.endpoint = "tcp 127.0.0.1 0",
		.moved_in = true,
	};

	holder_start(holder, &options);
}

bool holder_is_reachable(const struct holder *holder)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(holder->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd done = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int code = 0;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/*
	 * A listener whose queue is full, since nobody accepts, does not answer; a socket that does not listen refuses
	 * at once.
	 */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		code = errno;
	if (code == EINPROGRESS && poll(&done, 1, ANSWER_MS) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
	close(fd);
	return code != ECONNREFUSED;
}

void holder_await_unreachable(const struct holder *holder)
{
	time_t deadline = time(NULL) + PATIENCE_S;

	while (holder_is_reachable(holder)) {
		cr_assert_leq(time(NULL), deadline, "port %u is still there", holder->port);
		poll(NULL, 0, POLL_MS);
	}
}

int holder_stop(struct holder *holder)
{
	int status;

	kill(holder->pid, SIGKILL);
	status = children_await(holder->pid);
	cr_assert_geq(status, 0);
	return status < CHILDREN_SIGNALLED ? 0 : status - CHILDREN_SIGNALLED;
}
