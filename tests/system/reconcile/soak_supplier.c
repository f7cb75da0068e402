// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "soak_supplier.h"
#include "support/children.h"
#include "support/descriptors.h"
#include "support/endpoint.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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
		if (descriptors_send(channel, fd))
			break;
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

int soak_supplier_start(struct soak_supplier *supplier)
{
	int channel[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -1;
	supplier->pid = children_fork();
	if (supplier->pid < 0)
		return -1;
	if (supplier->pid == 0) {
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
	return descriptors_receive(supplier->channel);
}

int soak_supplier_stop(const struct soak_supplier *supplier)
{
	close(supplier->channel);
	return waitpid(supplier->pid, NULL, 0) == supplier->pid ? 0 : -1;
}
