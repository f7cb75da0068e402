// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "@cgfence-notify"

int notify_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NAME };
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + strlen(NAME);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0)
		return -errno;
	address.sun_path[0] = '\0';
	if (bind(fd, (const struct sockaddr *)&address, length) == 0)
		return setenv("NOTIFY_SOCKET", NAME, 1) ? -errno : fd;
	code = -errno;
	close(fd);
	return code;
}
