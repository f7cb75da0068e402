// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes as a busy host has them: a listener each, some other sockets, and many files. */
#include "surroundings.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* One in so many descriptors is a socket. */
#define SOCKET_SHARE 10
#define READY_FD 3

static size_t fence_of(const struct crowd_plan *plan, size_t member)
{
	return member / 2 % plan->fence_count;
}

static bool is_fenced(size_t member)
{
	return member % 2 == 0;
}

static bool is_excess(const struct crowd_plan *plan, size_t member)
{
	return is_fenced(member) && member / 2 < plan->fence_count;
}

size_t crowd_excess(const struct crowd_plan *plan)
{
	size_t fenced = (plan->processes + 1) / 2;

	return fenced < plan->fence_count ? fenced : plan->fence_count;
}

/* Each second pair of them by IPv6. */
static bool start_to_listen(const struct crowd_plan *plan, size_t member)
{
	in_port_t port = htons(
		(uint16_t)((is_excess(plan, member) ? CROWD_EXCESS_PORT : CROWD_ASSIGNED_PORT) +
			   member));
	const struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = port };
	const struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = port };
	bool by_ipv6 = member & 2;
	int fd = socket(by_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	return fd >= 0 &&
	       bind(fd, by_ipv6 ? (const struct sockaddr *)&ipv6 : (const struct sockaddr *)&ipv4,
		    by_ipv6 ? sizeof(ipv6) : sizeof(ipv4)) == 0 &&
	       listen(fd, 8) == 0;
}

/* Every descriptor is of a file of its own, as those of different programs are. */
static bool fill(size_t descriptors)
{
	int last = READY_FD;

	while (last >= 0 && (size_t)last + 1 < descriptors)
		last = last % SOCKET_SHARE ? open("/dev/null", O_RDONLY)
					   : socket(AF_UNIX, SOCK_DGRAM, 0);
	return last >= 0;
}

static void be_member(const struct crowd_plan *plan, size_t member)
{
	if (!start_to_listen(plan, member) || !fill(plan->descriptors) ||
	    write(READY_FD, "", 1) != 1)
		_exit(EXIT_FAILURE);
	while (true)
		pause();
}

/* Whoever fails closes its end without a word. */
static bool wait_until_ready(int fd, size_t count)
{
	char bytes[256];
	ssize_t length;

	while (count && (length = read(fd, bytes, sizeof(bytes))) > 0)
		count -= (size_t)length;
	return count == 0;
}

bool crowd_start(struct bench *bench, const struct crowd_plan *plan, struct crowd *crowd)
{
	struct crowd made = { .pids = calloc(plan->processes, sizeof(*made.pids)) };
	int ends[2];
	bool ready;

	if (!made.pids || pipe2(ends, O_CLOEXEC) < 0) {
		free(made.pids);
		bench_skip(bench, "no descriptors are left for processes to look at");
		return false;
	}
	for (size_t i = 0; i < plan->processes; i++) {
		pid_t pid = surroundings_fork(
			is_fenced(i) ? plan->fences[fence_of(plan, i)] : plan->outside, ends[1]);

		if (pid == 0)
			be_member(plan, i);
		if (pid < 0)
			break;
		made.pids[made.count++] = pid;
	}
	close(ends[1]);
	ready = made.count == plan->processes && wait_until_ready(ends[0], made.count);
	close(ends[0]);
	if (!ready) {
		crowd_stop(&made);
		bench_skip(bench,
			   "%zu processes with %zu descriptors each are more than can be had",
			   plan->processes, plan->descriptors);
		return false;
	}
	*crowd = made;
	return true;
}

void crowd_stop(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->count; i++)
		surroundings_reap(crowd->pids[i]);
	free(crowd->pids);
	*crowd = (struct crowd){ 0 };
}
