// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/borrow.h"
#include "base/cleanup.h"
#include "net/borrower.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Since 6.9; the value of O_EXCL (include/uapi/linux/pidfd.h). */
#define PIDFD_OF_THREAD O_EXCL

/* Before 6.9 a pidfd names a whole process, which is as good for a thread that shares its descriptors. */
static int open_pidfd(const struct cgfence_holder *holder)
{
	int fd = (int)syscall(SYS_pidfd_open, holder->thread, PIDFD_OF_THREAD);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	if (holder->thread != holder->pid) {
		long order = syscall(SYS_kcmp, holder->thread, holder->pid, KCMP_FILES, 0, 0);

		if (order) {
			errno = order < 0 && errno == ESRCH ? ESRCH : EOPNOTSUPP;
			return -1;
		}
	}
	return (int)syscall(SYS_pidfd_open, holder->pid, 0);
}

/* Makes it rare that something else is taken. */
static bool names_socket(const struct cgfence_holder *holder)
{
	static const char socket[] = "socket:";
	char target[sizeof(socket)] = "";
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", holder->thread, holder->fd);
	return readlink(path, target, sizeof(target) - 1) < 0 || strcmp(target, socket) == 0;
}

static int take_descriptor(const struct cgfence_holder *holder)
{
	cleanup_close int pidfd = open_pidfd(holder);
	int fd;

	if (pidfd < 0)
		return -errno;
	if (!names_socket(holder))
		return -EBADF;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	return fd < 0 ? -errno : fd;
}

int socket_borrow_descriptor(const struct cgfence_holder *holder)
{
	return borrower_ask(take_descriptor, holder);
}

static int read_option(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? 0 : value;
}

bool socket_is(int fd, uint64_t cookie, uint32_t inode)
{
	uint64_t own = 0;
	socklen_t size = sizeof(own);
	struct stat status;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &own, &size) < 0)
		return false;
	if (read_option(fd, SO_PROTOCOL) != CGFENCE_IPPROTO_MPTCP)
		return own == cookie;
	return read_option(fd, SO_ACCEPTCONN) && fstat(fd, &status) == 0 &&
	       (uint32_t)status.st_ino == inode;
}

int socket_borrow(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow_descriptor(holder);

	/* The pid and the descriptor may have been used again. */
	if (fd < 0 || !socket_is(fd, holder->cookie, holder->inode))
		return -1;
	return cleanup_steal_descriptor(&fd);
}

bool socket_serves(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address = { 0 };
	socklen_t size = sizeof(address);

	if (read_option(fd, SO_TYPE) == SOCK_STREAM)
		return read_option(fd, SO_ACCEPTCONN);
	/* The port is at the same place for both families. */
	return getsockname(fd, &address.any, &size) < 0 || address.ipv4.sin_port;
}

int socket_borrow_netns(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow_descriptor(holder);
	cleanup_close int netns = -1;
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
		return -ENOTSOCK;
	netns = ioctl(fd, SIOCGSKNS);
	if (netns < 0)
		return -errno;
	if (fstat(netns, &status) < 0 || status.st_ino != holder->netns_inum)
		return -ESTALE;
	return cleanup_steal_descriptor(&netns);
}
