// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/uevent.h"
#include "base/cleanup.h"

#include <linux/netlink.h>
#include <sys/socket.h>

/* The multicast groups of the kernel, which has made the node by then, and of udev, which has made its links. */
#define GROUPS (1 | 2)

int uevent_open(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUPS };
	cleanup_close int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return cleanup_steal_descriptor(&fd);
}

/* What it says is not needed, and whoever can send it can only cause a look. */
bool uevent_read(int fd)
{
	bool any = false;
	char byte;

	/* ENOBUFS tells of lost ones. */
	while (recv(fd, &byte, sizeof(byte), MSG_TRUNC) >= 0 || errno == ENOBUFS)
		any = true;
	return any;
}
