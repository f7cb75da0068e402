// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "soak_supplier.h"
#include "support/sockets.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int send_descriptor(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = fd >= 0 ? control.bytes : NULL,
		.msg_controllen = fd >= 0 ? sizeof(control.bytes) : 0,
	};

	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static __attribute__((noreturn)) void supply(int channel)
{
	char endpoint[64];
	ssize_t length;

	while ((length = recv(channel, endpoint, sizeof(endpoint) - 1, 0)) > 0) {
		int fd;

		endpoint[length] = '\0';
		fd = endpoint_open(endpoint);
		if (fd >= 0 && strncmp(endpoint, "tcp", 3) == 0 && !strstr(endpoint, "unbound"))
			listen(fd, 8);
		if (send_descriptor(channel, fd))
			break;
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

static int receive_descriptor(int channel)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char data;
	struct iovec byte = { .iov_base = &data, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fd = -1;

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == 1 && message.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

int soak_supplier_start(struct soak_supplier *supplier)
{
	int channel[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -1;
	supplier->pid = fork();
	if (supplier->pid < 0)
		return -1;
	if (supplier->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(channel[0]);
		supply(channel[1]);
	}
	close(channel[1]);
	supplier->channel = channel[0];
	return 0;
}

int soak_supplier_order(const struct soak_supplier *supplier, const char *endpoint)
{
	if (send(supplier->channel, endpoint, strlen(endpoint), MSG_NOSIGNAL) < 0)
		return -1;
	return receive_descriptor(supplier->channel);
}

int soak_supplier_stop(const struct soak_supplier *supplier)
{
	close(supplier->channel);
	return waitpid(supplier->pid, NULL, 0) == supplier->pid ? 0 : -1;
}
