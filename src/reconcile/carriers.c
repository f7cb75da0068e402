// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/carriers.h"
#include "base/cleanup.h"
#include "net/borrow.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SCM_FDS "\nscm_fds:"
#define USER_FILES "\nUserFiles:"
#define POLL_LIST "\nPollList:\n"
#define REQUEST "  op="

/* Return: the length of the text; 0 if the descriptor is gone. */
static size_t read_fdinfo(int task, const char *name, char *text, size_t size)
{
	cleanup_close int fd = -1;
	size_t length = 0;
	char path[32];
	ssize_t count;

	snprintf(path, sizeof(path), "fdinfo/%s", name);
	fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && length < size - 1 &&
	       (count = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	return length;
}

static bool has_connection(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow_descriptor(holder);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int listens = 0;
	socklen_t size = sizeof(listens);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	       listens && poll(&poll_fd, 1, 0) == 1;
}

bool carriers_unix_may_carry(int task, const char *name, const struct cgfence_holder *holder)
{
	char text[512];
	const char *line;
	unsigned int count = 0;

	read_fdinfo(task, name, text, sizeof(text));
	line = strstr(text, SCM_FDS);
	return line && sscanf(line, SCM_FDS " %u", &count) == 1 &&
	       (count || has_connection(holder));
}

bool carriers_uring_may_carry(int task, const char *name)
{
	char text[8192];
	size_t length = read_fdinfo(task, name, text, sizeof(text));
	const char *files = strstr(text, USER_FILES);
	const char *requests = strstr(text, POLL_LIST);
	unsigned int count;

	if (length == 0)
		return false;
	return !files || sscanf(files, USER_FILES " %u", &count) != 1 || count || !requests ||
	       strncmp(requests + strlen(POLL_LIST), REQUEST, strlen(REQUEST)) == 0;
}
