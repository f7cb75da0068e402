// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long a listener in excess lives that no bind hook could refuse, and how often an idle daemon wakes up. */
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/clock.h"
#include "support/endpoint.h"
#include "support/fences.h"
#include "support/notify.h"

#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 200
#define TIMEOUT_MS 10000

/* Lets the daemon finish one round before the next, whose processes it would kill too early otherwise. */
#define PAUSE_US 20000

/* On a port that the kernel chooses, which no bind hook judges. */
#define ANY_PORT "tcp 0.0.0.0 0"

#define IDLE_INTERVAL_S 5
#define IDLE_INTERVALS 4
#define IDLE_FENCES 10

/* Written by the process that listens; it outlives this process. */
static volatile struct caller {
	uint64_t begin_ns;
	uint64_t end_ns; /* when listen(2) had returned, or the socket listened no more */
	bool returned;	 /* from listen(2) */
} * caller;

static struct cgfence_cgroup *fence;

/* Return: its pid, to be given to children_end(). */
static pid_t start_daemon(const char *interval)
{
	struct pollfd readable = { .fd = notify_open(), .events = POLLIN };
	pid_t pid = children_spawn(WORDS("cgfence", "watch", "--interval", interval));

	if (pid < 0 || poll(&readable, 1, TIMEOUT_MS) != 1)
		report_fail("cgfence watch does not get ready");
	close(readable.fd);
	return pid;
}

static bool listens(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	       info.tcpi_state == TCP_LISTEN;
}

static void call_listen(int fd, bool until_closed)
{
	if (fd < 0)
		_exit(EXIT_FAILURE);
	caller->begin_ns = clock_ns();
	caller->returned = listen(fd, 8) == 0;
	/* Leaves the processor to the others, such as the daemon. */
	while (until_closed && listens(fd))
		sched_yield();
	caller->end_ns = clock_ns();
	_exit(EXIT_SUCCESS);
}

/* Return: when the process was seen to be dead, or 0. */
static uint64_t wait_for_death(int pidfd)
{
	struct pollfd dead = { .fd = pidfd, .events = POLLIN };

	return poll(&dead, 1, TIMEOUT_MS) == 1 ? clock_ns() : 0;
}

static double ms_from_begin(uint64_t end_ns)
{
	return end_ns && caller->begin_ns ? (double)(end_ns - caller->begin_ns) / 1e6 : NAN;
}

/* Return: when the process that listened was dead; 0 if that did not come. */
static uint64_t listen_and_wait(bool until_closed)
{
	uint64_t end_ns;
	int pidfd;
	pid_t pid;

	*caller = (struct caller){ 0 };
	pid = children_fork_in(fence, -1);
	if (pid == 0)
		call_listen(endpoint_open(ANY_PORT), until_closed);
	pidfd = pidfd_open(pid, 0);
	end_ns = wait_for_death(pidfd);
	close(pidfd);
	children_end(pid);
	return end_ns;
}

static double measure_kill(const void *unused)
{
	uint64_t end_ns = listen_and_wait(false);

	(void)unused;
	return caller->returned ? NAN : ms_from_begin(end_ns);
}

static double measure_close(const void *unused)
{
	(void)unused;
	listen_and_wait(true);
	usleep(PAUSE_US);
	return ms_from_begin(caller->end_ns);
}

static const struct reaction {
	const char *action;
	unsigned int guards; /* 1 << enum cgfence_listen_guard */
	const char *missing; /* noted if the fence does not get the guard */
	bool with_watch;
	const char *group;
	const char *title;
	const char *row;
	double (*measure)(const void *unused);
	const char *end; /* as a target */
} reactions[] = {
	{ "kill", 1 << CGFENCE_GUARD_KILL, "no guard kill: this kernel has a better one, or none",
	  false, "reaction-kill", "From listen until its process is dead",
	  "guard kill, who listened", measure_kill, "its process is dead" },
	{ "close", 1 << CGFENCE_GUARD_EVENT | 1 << CGFENCE_GUARD_MUTE,
	  "no guard event or mute: this kernel has a better one", true, "reaction-close",
	  "From listen until the socket is closed", "guard event or mute, with a watch",
	  measure_close, "the socket is closed" },
};

static void measure_reaction(const struct reaction *reaction)
{
	struct table *table =
		table_new("ms", reaction->group,
			  text("%s (a poll each 30 s takes 15 s on average)", reaction->title));
	struct row *row = table_add(table, reaction->measure, NULL, reaction->row);
	/* At its usual interval, so the event wakes it. */
	pid_t daemon = reaction->with_watch ? start_daemon("30s") : 0;

	table_measure(table, ROUNDS);
	children_end(daemon);
	report_table(table, NULL);
	report_at_most(row->count == ROUNDS ? row_quantile(row, 0.99) : TIMEOUT_MS, 5, "ms",
		       text("from listen until %s, 99th percentile", reaction->end));
}

static double count_wakeups(const void *daemon)
{
	unsigned long before = children_count_waits(*(const pid_t *)daemon);

	sleep(IDLE_INTERVAL_S);
	return (double)(children_count_waits(*(const pid_t *)daemon) - before);
}

static void measure_idle(size_t unused)
{
	struct table *table = table_new("an interval", "reaction-idle",
					text("An idle watch with %d fences and --interval %ds",
					     IDLE_FENCES, IDLE_INTERVAL_S));
	pid_t daemon = start_daemon(text("%ds", IDLE_INTERVAL_S));
	struct row *row = table_add(table, count_wakeups, &daemon, "wake-ups");

	(void)unused;
	/* From between two passes, so that each interval has one of them. */
	usleep(IDLE_INTERVAL_S * 1000000 / 2);
	table_measure(table, IDLE_INTERVALS);
	children_end(daemon);
	report_table(table, NULL);
	report_at_most(row_quantile(row, 0.5), 1, "wake-ups", "an idle watch, in an interval");
}

void suite_reaction(void)
{
	static const size_t idle_fences[] = { IDLE_FENCES + 1 };

	caller = probe_share(sizeof(*caller));
	for (size_t i = 0; i < sizeof(reactions) / sizeof(reactions[0]); i++) {
		const struct reaction *reaction = &reactions[i];

		report_progress(text("reaction: %s", reaction->title));
		fence = probe_new_fence("reaction",
					text("{'ports': {'tcp': [8080]}, 'on_violation': '%s'}",
					     reaction->action));
		if (reaction->guards >> fences_guard(fence, NULL) & 1)
			measure_reaction(reaction);
		else
			report_skip(reaction->missing);
		fences_remove(fence);
	}
	probe_grow("{'ports': {'tcp': [8080]}}", idle_fences, 1, measure_idle);
}
