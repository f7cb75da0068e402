// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/terminal.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number of ioctl(2) in the other interfaces that a kernel of this architecture offers. */
#if defined(__x86_64__)
#define OTHER_ARCHITECTURE AUDIT_ARCH_I386
#define OTHER_IOCTL 54
#define X32_IOCTL (0x40000000 | 514)
#elif defined(__aarch64__)
#define OTHER_ARCHITECTURE AUDIT_ARCH_ARM
#define OTHER_IOCTL 54
#define X32_IOCTL SYS_ioctl
#else
#define OTHER_ARCHITECTURE 0
#define OTHER_IOCTL SYS_ioctl
#define X32_IOCTL SYS_ioctl
#endif

/* The kernel takes the low half of the second argument. */
#define REQUEST_OFFSET \
	(offsetof(struct seccomp_data, args) + 8 + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

static bool has_terminal(void)
{
	cleanup_close int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	const char *after_name;
	int terminal = 0;

	text[length > 0 ? length : 0] = '\0';
	after_name = strrchr(text, ')');
	/* State, parent, process group, session, terminal (proc_pid_stat(5)). If it cannot be known, there is one. */
	return !after_name || sscanf(after_name + 1, " %*c %*d %*d %*d %d", &terminal) != 1 ||
	       terminal;
}

int terminal_forbid_typing(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OTHER_ARCHITECTURE, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OTHER_IOCTL, 3, 6),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, X32_IOCTL, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, REQUEST_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (!has_terminal())
		return 0;
	/* It judges one call and hides nothing, so that the mitigations that the flag leaves out would only cost time. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		       &program) < 0
		       ? -errno
		       : 0;
}
