// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/borrow.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Since 6.9; the value of O_EXCL (include/uapi/linux/pidfd.h). */
#define PIDFD_OF_THREAD O_EXCL

static int open_pidfd(const struct cgfence_holder *holder)
{
	int fd = (int)syscall(SYS_pidfd_open, holder->thread, PIDFD_OF_THREAD);

	return fd >= 0 ? fd : (int)syscall(SYS_pidfd_open, holder->pid, 0);
}

int socket_borrow(const struct cgfence_holder *holder)
{
	cleanup_close int pidfd = open_pidfd(holder);
	cleanup_close int fd = -1;
	struct stat status;

	if (pidfd < 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	/*
	 * The pid and the descriptor may have been used again. All sockets are on one file system, so the inode
	 * suffices.
	 */
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode) ||
	    status.st_ino != holder->inode)
		return -1;
	return cleanup_steal_descriptor(&fd);
}

int socket_borrow_netns(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow(holder);

	return fd < 0 ? -1 : ioctl(fd, SIOCGSKNS);
}
