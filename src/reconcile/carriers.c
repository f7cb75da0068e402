// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/carriers.h"
#include "base/cleanup.h"
#include "base/error.h"
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

/* Return: the length of the text, or -errno; -ENOENT if the descriptor is gone. */
static ssize_t read_fdinfo(int task, const char *name, char *text, size_t size)
{
	cleanup_close int fd = -1;
	size_t length = 0;
	char path[32];
	ssize_t count;

	snprintf(path, sizeof(path), "fdinfo/%s", name);
	text[0] = '\0';
	fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		count = read(fd, text + length, size - 1 - length);
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	text[length] = '\0';
	return (ssize_t)length;
}

/* Return: 1 or 0, or -errno for want of descriptors or memory. */
static int has_connection(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow_descriptor(holder);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int listens = 0;
	socklen_t size = sizeof(listens);

	if (error_is_shortage(-fd))
		return fd;
	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	       listens && poll(&poll_fd, 1, 0) == 1;
}

int carriers_unix_may_carry(int task, const char *name, const struct cgfence_holder *holder)
{
	char text[512];
	ssize_t length = read_fdinfo(task, name, text, sizeof(text));
	const char *line = length < 0 ? NULL : strstr(text, SCM_FDS);
	unsigned int count = 0;

	if (length < 0)
		return (int)length;
	if (!line || sscanf(line, SCM_FDS " %u", &count) != 1)
		return 0;
	return count ? 1 : has_connection(holder);
}

int carriers_uring_may_carry(int task, const char *name)
{
	char text[8192];
	ssize_t length = read_fdinfo(task, name, text, sizeof(text));
	const char *files = strstr(text, USER_FILES);
	const char *requests = strstr(text, POLL_LIST);
	unsigned int count;

	if (length <= 0)
		return (int)length;
	return !files || sscanf(files, USER_FILES " %u", &count) != 1 || count || !requests ||
	       strncmp(requests + strlen(POLL_LIST), REQUEST, strlen(REQUEST)) == 0;
}
