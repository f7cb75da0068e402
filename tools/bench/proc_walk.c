// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The peer of the reconciler. It does less than it could be asked for: nobody's cgroup is looked up, nor its threads. */
#include "proc_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
#define LISTENERS_MAX 65536

struct listening {
	uint32_t inodes[LISTENERS_MAX];
	size_t count;
};

static int compare_inodes(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static int ask(int fd, int domain)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.body = {
			.sdiag_family = (uint8_t)domain,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1U << TCP_LISTEN,
		},
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* Return: 1 if there is more to come, 0 at the end, -errno. */
static int take(const char *buffer, size_t length, struct listening *listening)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;

	for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
		const struct inet_diag_msg *message = NLMSG_DATA(header);

		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (listening->count < LISTENERS_MAX)
			listening->inodes[listening->count++] = message->idiag_inode;
	}
	return 1;
}

static int list_family(int fd, int domain, struct listening *listening)
{
	static char buffer[BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	int result = ask(fd, domain);

	if (result)
		return result;
	do {
		ssize_t length = recv(fd, buffer, sizeof(buffer), 0);

		result = length < 0 ? -errno : take(buffer, (size_t)length, listening);
	} while (result > 0);
	return result;
}

static int list_listeners(struct listening *listening)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int result;

	listening->count = 0;
	if (fd < 0)
		return -errno;
	result = list_family(fd, AF_INET, listening);
	if (result == 0)
		result = list_family(fd, AF_INET6, listening);
	close(fd);
	qsort(listening->inodes, listening->count, sizeof(*listening->inodes), compare_inodes);
	return result;
}

static bool is_listener(int directory, const char *name, const struct listening *listening)
{
	char target[64];
	ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
	uint32_t inode;

	if (length < 0)
		return false;
	target[length] = '\0';
	if (strncmp(target, "socket:[", 8) != 0)
		return false;
	inode = (uint32_t)strtoul(target + 8, NULL, 10);
	return bsearch(&inode, listening->inodes, listening->count, sizeof(inode), compare_inodes);
}

static size_t walk_process(int proc, const char *pid, const struct listening *listening)
{
	struct dirent *entry;
	DIR *directory;
	size_t held = 0;
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return 0; /* it has ended */
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			held += is_listener(fd, entry->d_name, listening);
	}
	closedir(directory);
	return held;
}

int proc_walk(size_t *held)
{
	static struct listening listening;
	int result = list_listeners(&listening);
	DIR *proc = result ? NULL : opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return result ? result : -errno;
	*held = 0;
	while ((entry = readdir(proc))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			*held += walk_process(dirfd(proc), entry->d_name, &listening);
	}
	closedir(proc);
	return 0;
}
