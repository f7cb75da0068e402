// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netns.h"
#include "cleanup.h"
#include "error.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int netns_read(uint64_t *cookie, uint32_t *inum, struct cgfence_error *error)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t found = 0;
	socklen_t size = sizeof(found);
	struct stat status;

	if (fd < 0)
		return error_set(error, errno, "cannot make a socket: %s", strerror(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &found, &size) < 0 && errno != ENOPROTOOPT)
		return error_set(error, errno,
				 "cannot read the cookie of this network namespace: %s",
				 strerror(errno));
	if (stat("/proc/self/ns/net", &status) < 0)
		return error_set(error, errno,
				 "cannot read /proc/self/ns/net: %s; is /proc mounted?",
				 strerror(errno));
	*cookie = found;
	*inum = (uint32_t)status.st_ino;
	return 0;
}
