// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe LOG WHAT... [stay|hammer]: tries each WHAT, which is a device to open for reading or a TCP port to listen on,
 * before anything else, and appends one line of answers to LOG. With `stay` it then waits, and does so again on each SIGHUP.
 * With `hammer` it tries each again every few milliseconds, and each SIGHUP has it append how many tries were allowed, refused
 * and otherwise answered since the last line, as `WHAT=12:0:0`.
 * It is static, so that its first act is the first thing that happens in a service or container, and runs anywhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WHAT_MAX 8

static int try_port(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int result, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	result = bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1) ? errno
											 : 0;
	close(fd);
	return result;
}

static int try_one(const char *what)
{
	int fd;

	if (what[0] != '/')
		return try_port(atoi(what));
	fd = open(what, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void append(const char *log, char *line, size_t length)
{
	int fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0666);

	line[length++] = '\n';
	if (fd < 0 || write(fd, line, length) != (ssize_t)length)
		exit(1);
	close(fd);
}

static void probe(const char *log, char *const *what, int count)
{
	int answers[WHAT_MAX];
	char line[512];
	size_t length = 0;

	for (int i = 0; i < count; i++)
		answers[i] = try_one(what[i]);
	for (int i = 0; i < count; i++)
		length += (size_t)sprintf(line + length, "%s%s=%s", i ? " " : "", what[i],
					  answers[i] == 0	? "allowed"
					  : answers[i] == EPERM ? "refused"
								: strerror(answers[i]));
	append(log, line, length);
}

/* Not called, as the signal is blocked: that it is caught tells others when it can be sent (takes_hangups in lib.sh). */
static void be_ready(int number)
{
	(void)number;
}

static void hammer(const char *log, char *const *what, int count, const sigset_t *signals)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	unsigned int answers[WHAT_MAX][3] = { 0 };
	char line[512];

	for (;;) {
		size_t length = 0;

		for (int i = 0; i < count; i++) {
			int result = try_one(what[i]);

			answers[i][result == 0 ? 0 : result == EPERM ? 1 : 2]++;
		}
		if (sigtimedwait(signals, NULL, &pause) < 0)
			continue;
		for (int i = 0; i < count; i++)
			length += (size_t)sprintf(line + length, "%s%s=%u:%u:%u", i ? " " : "",
						  what[i], answers[i][0], answers[i][1],
						  answers[i][2]);
		append(log, line, length);
		memset(answers, 0, sizeof(answers));
	}
}

int main(int argc, char **argv)
{
	int stay = argc > 2 && strcmp(argv[argc - 1], "stay") == 0;
	int hammers = argc > 2 && strcmp(argv[argc - 1], "hammer") == 0;
	int count = argc - 2 - stay - hammers, got;
	sigset_t signals;

	if (count < 1 || count > WHAT_MAX)
		return 2;
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGHUP, be_ready);
	probe(argv[1], argv + 2, count);
	if (hammers)
		hammer(argv[1], argv + 2, count, &signals);
	while (stay && sigwait(&signals, &got) == 0)
		probe(argv[1], argv + 2, count);
	return 0;
}
