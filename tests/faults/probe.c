// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe.h"
#include "support/children.h"
#include "support/harness.h"
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *path;
	int flags;
} devices[PROBE_DEVICES] = {
	{ "/dev/null", O_RDWR },
	{ "/dev/zero", O_RDONLY },
	{ "/dev/full", O_WRONLY },
};

static const char *const binds[] = {
	"tcp 127.0.0.1 8080",
	"udp ::1 8081",
	"tcp ::1 8082",
	"tcp 127.0.0.1 0",
};

static const char *const listens[] = {
	"tcp 127.0.0.1 8080 reuseaddr",
	"tcp 127.0.0.1 8081 reuseaddr",
	"tcp 127.0.0.1 0",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(PROBE_DEVICES + COUNT(binds) + COUNT(listens) == PROBE_COUNT, "a letter for each");

static char letter(int code)
{
	if (code == 0)
		return '+';
	return code == EPERM ? '-' : '!';
}

static char try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return letter(errno);
	close(fd);
	return '+';
}

static char try_bind(const char *endpoint)
{
	int fd = endpoint_open(endpoint);

	if (fd < 0)
		return letter(-fd);
	close(fd);
	return '+';
}

/* Return: what the process exits with. */
static int listen_or_die(const char *endpoint)
{
	int fd = endpoint_open(endpoint);

	if (fd < 0)
		return -fd;
	return listen(fd, 1) < 0 ? errno : 0;
}

/* In a separate process, which the fence may kill. After a refused bind it does not listen. */
static char try_listen(const char *endpoint)
{
	pid_t child = children_fork();
	int status;

	if (child == 0)
		_exit(listen_or_die(endpoint));
	status = child < 0 ? child : children_await(child);
	if (status == CHILDREN_SIGNALLED + SIGKILL)
		return '-';
	return status < 0 || status >= CHILDREN_SIGNALLED ? '!' : letter(status);
}

static int try_all(void *argument)
{
	char *next = argument;

	for (size_t i = 0; i < PROBE_DEVICES; i++)
		*next++ = try_open(devices[i].path, devices[i].flags);
	for (size_t i = 0; i < COUNT(binds); i++)
		*next++ = try_bind(binds[i]);
	for (size_t i = 0; i < COUNT(listens); i++)
		*next++ = try_listen(listens[i]);
	return 0;
}

struct probe_verdicts probe_run(const struct cgfence_cgroup *cgroup)
{
	static struct probe_verdicts *shared;
	struct probe_verdicts seen;

	if (!shared)
		shared = harness_share(sizeof(*shared));
	memset(shared, 0, sizeof(*shared));
	cr_assert_eq(harness_in_cgroup(cgroup, try_all, shared), 0);
	seen = *shared;
	return seen;
}

static bool match(char seen, char expected)
{
	return expected == '?' ? seen == '+' || seen == '-' : seen == expected;
}

bool probe_match(const char *seen, const char *expected)
{
	return probe_match_either(seen, expected, expected);
}

bool probe_match_either(const char *seen, const char *one, const char *other)
{
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		if (!match(seen[i], one[i]) && !match(seen[i], other[i]))
			return false;
	}
	return strlen(seen) == PROBE_COUNT;
}
