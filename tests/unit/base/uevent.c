// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/uevent.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND(fd, message) cr_assert_eq(send(fd, message, sizeof(message), 0), sizeof(message))

static int ends[2];

static void make_socket(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_socket(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(uevent, .init = make_socket, .fini = close_socket);

Test(uevent, devices_and_modules_count)
{
	cr_expect_not(uevent_read(ends[0]));
	SEND(ends[1], "add@/devices/x\0ACTION=add\0SUBSYSTEM=tty\0MAJOR=188\0MINOR=0");
	cr_expect(uevent_read(ends[0]));
	SEND(ends[1], "add@/module/usbserial\0ACTION=add\0SUBSYSTEM=module");
	cr_expect(uevent_read(ends[0]));
	cr_expect_not(uevent_read(ends[0]));
}

/* Each container brings a few. */
Test(uevent, network_devices_do_not_count)
{
	SEND(ends[1], "add@/devices/virtual/net/veth0\0ACTION=add\0SUBSYSTEM=net\0IFINDEX=7");
	cr_expect_not(uevent_read(ends[0]));
}

/* What is cut off could be anything. */
Test(uevent, a_message_that_is_too_long_counts)
{
	char message[16384] = "libudev";

	cr_assert_eq(send(ends[1], message, sizeof(message), 0), sizeof(message));
	cr_expect(uevent_read(ends[0]));
}
