// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/sockstat.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void sockstat_open(struct sockstat *sockstat)
{
	sockstat->ipv4 = open("/proc/thread-self/net/sockstat", O_RDONLY | O_CLOEXEC);
	sockstat->ipv6 = open("/proc/thread-self/net/sockstat6", O_RDONLY | O_CLOEXEC);
}

void sockstat_close(struct sockstat *sockstat)
{
	cleanup_close_descriptor(&sockstat->ipv4);
	cleanup_close_descriptor(&sockstat->ipv6);
}

/* The kernel makes the text anew for each read at its beginning (single_open, fs/seq_file.c). */
static bool has_line(int fd, const char *line)
{
	char text[1024] = "";

	return fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0 && strstr(text, line);
}

bool sockstat_has_no_udp_lite(const struct sockstat *sockstat)
{
	return has_line(sockstat->ipv4, "\nUDPLITE: inuse 0\n") &&
	       has_line(sockstat->ipv6, "\nUDPLITE6: inuse 0\n");
}
