// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/netns.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Not /proc/self, which shows the process and not the thread. */
#define THREAD_NETNS "/proc/thread-self/ns/net"

int netns_read(struct netns_identity *identity, struct cgfence_error *error)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	struct stat status;

	if (fd < 0)
		return error_set(error, errno, "cannot make a socket: %s", strerror(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 && errno != ENOPROTOOPT)
		return error_set(error, errno,
				 "cannot read the cookie of this network namespace: %s",
				 strerror(errno));
	if (stat(THREAD_NETNS, &status) < 0)
		return error_set(error, errno,
				 "cannot read " THREAD_NETNS ": %s; is /proc mounted?",
				 strerror(errno));
	identity->cookie = cookie;
	identity->inum = (uint32_t)status.st_ino;
	return 0;
}

void netns_read_ephemeral_range(uint32_t *low, uint32_t *high)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	*low = 1;
	*high = 0;
	if (file && fscanf(file, "%u %u", low, high) != 2)
		*high = 0;
	if (file)
		fclose(file);
}

bool netns_concerns(const struct cgfence_image *image, const struct netns_identity *identity)
{
	if (image->ports.netns_any)
		return true;
	if (image->ports.netns_cookie)
		return image->ports.netns_cookie == identity->cookie;
	return image->ports.netns_inum == identity->inum;
}

int netns_enter(int netns, int *before, struct cgfence_error *error)
{
	cleanup_close int own = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return error_set(error, errno,
				 "cannot open " THREAD_NETNS ": %s; is /proc mounted?",
				 strerror(errno));
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_set(error, errno, "cannot enter a network namespace: %s",
				 errno == EPERM ? "this needs CAP_SYS_ADMIN" : strerror(errno));
	*before = cleanup_steal_descriptor(&own);
	return 0;
}

int netns_leave(int before, struct cgfence_error *error)
{
	int result = 0;

	if (setns(before, CLONE_NEWNET) < 0)
		result = error_set(error, errno, "cannot go back to the network namespace: %s",
				   strerror(errno));
	close(before);
	return result;
}
