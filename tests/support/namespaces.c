// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/namespaces.h"

#include <cgfence/cgfence.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"
#define THREAD_NETNS "/proc/thread-self/ns/net"

int namespaces_enter_mount(char *directory)
{
	int code;

	if (!mkdtemp(directory)) {
		code = -errno;
		*directory = '\0';
		return code;
	}
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0 ||
	    mount("tmpfs", directory, "tmpfs", 0, NULL) < 0)
		return -errno;
	return 0;
}

int namespaces_leave_mount(const char *directory)
{
	if (!*directory)
		return 0;
	umount2(directory, MNT_DETACH);
	return rmdir(directory) < 0 ? -errno : 0;
}

static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

int namespaces_enter_net(void)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : raise_loopback();
}

int namespaces_visit_net(int *before)
{
	int fd = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	result = raise_loopback();
	if (result)
		namespaces_return_net(fd);
	else
		*before = fd;
	return result;
}

void namespaces_return_net(int before)
{
	if (setns(before, CLONE_NEWNET) < 0)
		abort();
	close(before);
}

int namespaces_move_cgroup2(void)
{
	char directory[] = "/tmp/cgfence-cgroup2-XXXXXX";
	struct cgfence_cgroup *root = NULL;
	struct statfs status;
	char self[64];
	int code;

	if (statfs(CGROUP_MOUNT, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	code = cgfence_cgroup_open("/", &root, NULL);
	if (code)
		return code;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", cgfence_cgroup_fd(root));
	if (!mkdtemp(directory) || mount(self, directory, NULL, MS_BIND, NULL) < 0 ||
	    umount2(CGROUP_MOUNT, MNT_DETACH) < 0 ||
	    mount(directory, CGROUP_MOUNT, NULL, MS_MOVE, NULL) < 0)
		code = -errno;
	rmdir(directory);
	cgfence_cgroup_close(root);
	return code;
}

bool namespaces_has_users(void)
{
	int status = 1;
	pid_t child = fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) < 0);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}
