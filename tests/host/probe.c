// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe LOG WHAT... [stay]: tries each WHAT, which is a device to open for reading or a TCP port to listen on, before
 * anything else, and appends one line of answers to LOG. With `stay` it then waits, and does so again on each SIGHUP.
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
#include <unistd.h>

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

static void probe(const char *log, char *const *what, int count)
{
	int answers[8], fd;
	char line[512];
	size_t length = 0;

	for (int i = 0; i < count; i++)
		answers[i] = try_one(what[i]);
	for (int i = 0; i < count; i++)
		length += (size_t)sprintf(line + length, "%s%s=%s", i ? " " : "", what[i],
					  answers[i] == 0	? "allowed"
					  : answers[i] == EPERM ? "refused"
								: strerror(answers[i]));
	line[length++] = '\n';
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0666);
	if (fd < 0 || write(fd, line, length) != (ssize_t)length)
		exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	int stay = argc > 2 && strcmp(argv[argc - 1], "stay") == 0, got;
	sigset_t signals;

	if (argc - 2 - stay < 1 || argc - 2 - stay > 8)
		return 2;
	probe(argv[1], argv + 2, argc - 2 - stay);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	while (stay && sigwait(&signals, &got) == 0)
		probe(argv[1], argv + 2, argc - 3);
	return 0;
}
