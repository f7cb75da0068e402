// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/uevent.h"
#include "base/cleanup.h"

#include <linux/netlink.h>
#include <string.h>
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

/* Longer than what the kernel sends (UEVENT_BUFFER_SIZE, include/linux/kobject.h). */
#define MESSAGE_SIZE 8192

/* Whoever makes events again and again cannot keep the reader; it is readable again at once. */
#define MESSAGES_MAX 256

/*
 * A device has a number, and a module may bring a driver. Most events are of others, such as the network devices of
 * containers. Whoever can send one can only cause a look.
 */
static bool is_of_device(const char *message, size_t length)
{
	static const char number[] = "MAJOR=";
	static const char module[] = "SUBSYSTEM=module";

	return length > MESSAGE_SIZE || memmem(message, length, number, sizeof(number) - 1) ||
	       memmem(message, length, module, sizeof(module) - 1);
}

bool uevent_read(int fd)
{
	char message[MESSAGE_SIZE];
	bool any = false;

	for (int i = 0; i < MESSAGES_MAX; i++) {
		ssize_t length = recv(fd, message, sizeof(message), MSG_TRUNC);

		if (length < 0 && errno != ENOBUFS)
			break;
		/* Some were lost. */
		any = any || length < 0 || is_of_device(message, (size_t)length);
	}
	return any;
}
