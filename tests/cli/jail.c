// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "jail.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	pid_t pid;
	int socket;
	char root[32];
} jail;

/* Lets the parent write the maps meanwhile. */
static int enter_user_namespace(int socket)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER) < 0 || write(socket, &byte, 1) != 1 ||
	    read(socket, &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -1;
	return 0;
}

static int enter_box(enum jail_kind kind, int socket)
{
	if (harness_enter(harness_cgroup()))
		return -1;
	if (kind == JAIL_SHARED)
		return 0;
	if (kind == JAIL_USER_NAMESPACE && enter_user_namespace(socket))
		return -1;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	if (mount("tmpfs", "/dev", "tmpfs", kind == JAIL_NODEV ? MS_NODEV : 0, "mode=755") < 0)
		return -1;
	return kind == JAIL_READ_ONLY
		       ? mount(NULL, "/dev", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)
		       : 0;
}

/* Opens what it is told to, and answers with errno. */
static void live(enum jail_kind kind, int socket)
{
	char name[256];
	ssize_t length;
	int code = enter_box(kind, socket) ? errno : 0;

	do {
		if (write(socket, &code, sizeof(code)) != sizeof(code))
			break;
		length = read(socket, name, sizeof(name));
		if (length > 0) {
			int fd = open(name, O_RDONLY | O_CLOEXEC);

			code = fd < 0 ? errno : 0;
			if (fd >= 0)
				close(fd);
		}
	} while (length > 0);
	_exit(0);
}

static void write_map(const char *file)
{
	static const char map[] = "0 100000 65536\n";
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/%s", jail.pid, file);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && write(fd, map, sizeof(map) - 1) == sizeof(map) - 1, "%s: %s", name,
		  strerror(errno));
	close(fd);
}

static int answer(void)
{
	int code = -1;

	cr_assert_eq(read(jail.socket, &code, sizeof(code)), sizeof(code));
	return code;
}

void jail_start(enum jail_kind kind)
{
	int sockets[2];
	char byte;
	int code;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	jail.pid = harness_fork();
	if (jail.pid == 0) {
		close(sockets[0]);
		live(kind, sockets[1]);
	}
	close(sockets[1]);
	jail.socket = sockets[0];
	snprintf(jail.root, sizeof(jail.root), "/proc/%d/root", jail.pid);
	if (kind == JAIL_USER_NAMESPACE) {
		if (read(jail.socket, &byte, 1) != 1)
			harness_skip("there are no user namespaces here");
		write_map("uid_map");
		write_map("gid_map");
		cr_assert_eq(write(jail.socket, &byte, 1), 1);
	}
	code = answer();
	cr_assert_eq(code, 0, "%s", strerror(code));
}

void jail_end(void)
{
	close(jail.socket);
	cr_assert_eq(waitpid(jail.pid, NULL, 0), jail.pid);
}

int jail_open(const char *name)
{
	cr_assert_eq(write(jail.socket, name, strlen(name) + 1), (ssize_t)strlen(name) + 1);
	return answer();
}

const char *jail_path(const char *name)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", jail.root, name);
	return text;
}
