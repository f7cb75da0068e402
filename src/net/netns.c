// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/netns.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Not /proc/self, which shows the process and not the thread. */
#define THREAD_NETNS "/proc/thread-self/ns/net"

int netns_read(struct netns_identity *identity, struct cgfence_error *error)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	struct stat status;

	if (fd < 0)
		return error_set(error, errno, "cannot make a socket: %s", strerror(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 && errno != ENOPROTOOPT)
		return error_set(error, errno,
				 "cannot read the cookie of this network namespace: %s",
				 strerror(errno));
	if (stat(THREAD_NETNS, &status) < 0)
		return error_set(error, errno,
				 "cannot read " THREAD_NETNS ": %s; is /proc mounted?",
				 strerror(errno));
	identity->cookie = cookie;
	identity->inum = (uint32_t)status.st_ino;
	return 0;
}

void netns_parse_reserved(const char *text, uint64_t *words)
{
	char *end;

	for (unsigned long low = strtoul(text, &end, 10); end != text;
	     low = strtoul(text, &end, 10)) {
		unsigned long high = low;

		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (unsigned long port = low; port <= high && port <= UINT16_MAX; port++)
			words[port / 64] |= 1ULL << port % 64;
		text = *end == ',' ? end + 1 : end;
	}
}

#define SYSCTL(name) "/proc/sys/net/ipv4/" name

/* The kernel gives a list to the first read(2) only (proc_do_large_bitmap, kernel/sysctl.c). Return: the length or -errno. */
static ssize_t read_at_once(const char *path, char *text, size_t size, struct cgfence_error *error)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return error_set(error, errno, "cannot read %s: %s; is all of /proc mounted?", path,
				 strerror(errno));
	text[length] = '\0';
	return length;
}

int netns_read_ephemeral_range(uint32_t *low, uint32_t *high, struct cgfence_error *error)
{
	static const char path[] = SYSCTL("ip_local_port_range");
	char text[64];
	ssize_t length = read_at_once(path, text, sizeof(text), error);

	if (length < 0)
		return (int)length;
	return sscanf(text, "%u %u", low, high) == 2
		       ? 0
		       : error_set(error, EPROTO, "cannot read '%s' in %s", text, path);
}

/* Every second port is the longest list. */
#define RESERVED_TEXT_SIZE (65536 / 2 * sizeof("65535,"))

static int read_reserved(uint64_t **reserved, struct cgfence_error *error)
{
	static const char path[] = SYSCTL("ip_local_reserved_ports");
	char short_text[1024];
	cleanup_free char *long_text = NULL;
	const char *text = short_text;
	ssize_t length = read_at_once(path, short_text, sizeof(short_text), error);
	uint64_t *words;

	if (length == sizeof(short_text) - 1) {
		long_text = malloc(RESERVED_TEXT_SIZE);
		if (!long_text)
			return error_out_of_memory(error);
		text = long_text;
		length = read_at_once(path, long_text, RESERVED_TEXT_SIZE, error);
	}
	if (length < 0)
		return (int)length;
	/* "\n" if there are none. */
	if (length <= 1)
		return 0;
	words = calloc(NETNS_PORT_WORDS, sizeof(*words));
	if (!words)
		return error_out_of_memory(error);
	netns_parse_reserved(text, words);
	*reserved = words;
	return 0;
}

int netns_read_ports(struct netns_ports *ports, struct cgfence_error *error)
{
	struct netns_ports made = { 0 };
	int result = netns_read_ephemeral_range(&made.ephemeral_low, &made.ephemeral_high, error);

	if (result == 0)
		result = read_reserved(&made.reserved, error);
	if (result == 0)
		*ports = made;
	return result;
}

void netns_free_ports(struct netns_ports *ports)
{
	free(ports->reserved);
	*ports = (struct netns_ports){ 0 };
}

bool netns_is_reserved(const struct netns_ports *ports, uint16_t port)
{
	return ports->reserved && ports->reserved[port / 64] >> port % 64 & 1;
}

bool netns_is_own(const struct cgfence_image *image, const struct netns_identity *identity)
{
	/* Programs may know the cookie where getsockopt(2) does not tell it. */
	if (image->ports.netns_cookie && identity->cookie)
		return image->ports.netns_cookie == identity->cookie;
	return image->ports.netns_inum == identity->inum;
}

bool netns_concerns(const struct cgfence_image *image, const struct netns_identity *identity)
{
	return image->ports.netns_any || netns_is_own(image, identity);
}

int netns_enter(int netns, int *before, struct cgfence_error *error)
{
	cleanup_close int own = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return error_set(error, errno,
				 "cannot open " THREAD_NETNS ": %s; is /proc mounted?",
				 strerror(errno));
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_set(error, errno, "cannot enter a network namespace: %s",
				 errno == EPERM ? "this needs CAP_SYS_ADMIN" : strerror(errno));
	*before = cleanup_steal_descriptor(&own);
	return 0;
}

int netns_leave(int before, struct cgfence_error *error)
{
	int result = 0;

	if (setns(before, CLONE_NEWNET) < 0)
		result = error_set(error, errno, "cannot go back to the network namespace: %s",
				   strerror(errno));
	close(before);
	return result;
}
