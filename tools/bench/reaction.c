// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Suite 6: how long a listener in excess lives that no bind hook could refuse, and what the daemon does meanwhile. */
#include "daemon.h"
#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 200
#define NS_PER_MS 1e6
#define DEATH_TIMEOUT_MS 2000

/* Of a process that surroundings_fork() made with a descriptor to keep, and the next one. */
#define READY_FD 3
#define HELD_FD 4

/* Of the specification, from listen(2) to the end. */
#define TARGET_MS 5

/* For the daemon to be done with one round before the next, which it would else be found to have killed before its time. */
#define PAUSE_MS 20
#define FAILURES_MAX 10

#define ON_VIOLATION(action) "{'ports': {'tcp': [8080]}, 'on_violation': '" action "'}"

/* What the process that listens tells, and lives on when it is killed. */
struct caller {
	uint64_t begin_ns;
	uint64_t end_ns; /* when listen(2) had returned, or the socket listened no more */
	int result;	 /* errno value of listen(2) */
	bool returned;	 /* from listen(2) */
};

struct reaction {
	struct bench *bench;
	volatile struct caller *caller;
	struct cgfence_cgroup *fence;
	pid_t daemon;
};

/* With its usual interval, so that it is the event that wakes it. */
static bool start_daemon(struct reaction *reaction)
{
	reaction->daemon = daemon_start(reaction->bench, "30s");
	return reaction->daemon > 0;
}

static bool begin(struct reaction *reaction, const char *policy,
		  enum cgfence_listen_guard wanted_guard)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	enum cgfence_listen_guard guard;

	reaction->fence = surroundings_make_fence(reaction->bench, "reaction", policy);
	if (!reaction->fence)
		return false;
	if (cgfence_fence_open(cgfence_cgroup_id(reaction->fence), &fence, &error)) {
		bench_skip(reaction->bench, "the fence cannot be read: %s", error.text);
		return false;
	}
	guard = cgfence_fence_listen_guard(fence);
	cgfence_fence_close(fence);
	return guard == wanted_guard;
}

static void end(struct reaction *reaction)
{
	surroundings_reap(reaction->daemon);
	reaction->daemon = 0;
	surroundings_remove(reaction->fence);
	reaction->fence = NULL;
}

static bool listens(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	       info.tcpi_state == TCP_LISTEN;
}

/* On a port that the kernel chooses, which no bind hook judges. Return: -1 if that fails. */
static int open_bound(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void call_listen(int fd, volatile struct caller *caller, bool until_closed)
{
	if (fd < 0)
		_exit(EXIT_FAILURE);
	caller->begin_ns = bench_now_ns();
	caller->result = listen(fd, 8) < 0 ? errno : 0;
	caller->returned = true;
	/* The others, the daemon among them, shall not wait for the processor that this takes. */
	while (until_closed && listens(fd))
		sched_yield();
	caller->end_ns = bench_now_ns();
	_exit(EXIT_SUCCESS);
}

static void forget_caller(volatile struct caller *caller)
{
	caller->begin_ns = 0;
	caller->end_ns = 0;
	caller->result = 0;
	caller->returned = false;
}

/* Return: when the process was seen to be dead, or 0. */
static uint64_t wait_for_death(int pidfd)
{
	struct pollfd dead = { .fd = pidfd, .events = POLLIN };

	return poll(&dead, 1, DEATH_TIMEOUT_MS) == 1 ? bench_now_ns() : 0;
}

/* Return: when the process that listened was dead; 0 if that did not come. */
static uint64_t listen_and_wait(const struct reaction *reaction, bool until_closed)
{
	uint64_t end_ns;
	int pidfd;
	pid_t pid;

	forget_caller(reaction->caller);
	pid = surroundings_fork(reaction->fence, -1);
	if (pid == 0)
		call_listen(open_bound(), reaction->caller, until_closed);
	if (pid < 0)
		return 0;
	pidfd = pidfd_open(pid, 0);
	end_ns = wait_for_death(pidfd);
	close(pidfd);
	surroundings_reap(pid);
	return end_ns;
}

static void report(const struct reaction *reaction, const char *group, const char *title,
		   const struct bench_series *series)
{
	char text[200];

	snprintf(text, sizeof(text), "%s (a poll each 30 s takes 15 s in the mean)", title);
	bench_report(reaction->bench, group, text, "ms", series, 1, 0);
}

static void measure_denial(struct reaction *reaction)
{
	struct bench_series series = bench_series_new("guard deny", ROUNDS);
	bool usable = begin(reaction, ON_VIOLATION("log"), CGFENCE_GUARD_DENY);

	if (reaction->fence && !usable)
		bench_skip(reaction->bench, "no guard deny: this kernel takes no program of the "
					    "BPF LSM");
	for (size_t i = 0; usable && i < ROUNDS; i++) {
		const volatile struct caller *caller = reaction->caller;

		if (listen_and_wait(reaction, false) && caller->result == EPERM)
			bench_series_add(&series,
					 (double)(caller->end_ns - caller->begin_ns) / NS_PER_MS);
	}
	if (usable)
		report(reaction, "reaction-deny", "From listen to EPERM", &series);
	bench_series_free(&series);
	end(reaction);
}

static void check_kill(const struct reaction *reaction, const char *what,
		       const struct bench_series *series)
{
	double ms = bench_series_quantile(series, 0.99);

	bench_target(reaction->bench, series->count == ROUNDS && ms < TARGET_MS,
		     "from listen until %s is dead: %.2f ms at the 99th percentile, less than %d "
		     "ms asked for (%zu of %d)",
		     what, ms, TARGET_MS, series->count, ROUNDS);
}

static void kill_callers(const struct reaction *reaction)
{
	struct bench_series series = bench_series_new("guard kill, who listened", ROUNDS);
	size_t returned = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t end_ns = listen_and_wait(reaction, false);

		returned += reaction->caller->returned;
		if (end_ns && !reaction->caller->returned)
			bench_series_add(&series,
					 (double)(end_ns - reaction->caller->begin_ns) / NS_PER_MS);
	}
	report(reaction, "reaction-kill", "From listen until its process is dead", &series);
	check_kill(reaction, "its process", &series);
	bench_target(reaction->bench, returned == 0,
		     "listen returned to %zu of %d that the guard killed", returned, ROUNDS);
	bench_series_free(&series);
}

/* Somebody in the fence who holds a socket that another listens on, and so keeps it when the guard has killed that one. */
static pid_t start_holder(const struct reaction *reaction)
{
	pid_t pid;
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = surroundings_fork(reaction->fence, ends[1]);
	if (pid == 0) {
		if (open_bound() != HELD_FD || write(READY_FD, "", 1) != 1)
			_exit(EXIT_FAILURE);
		while (true)
			pause();
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &byte, 1) != 1) {
		surroundings_reap(pid);
		pid = -1;
	}
	close(ends[0]);
	return pid;
}

/* Return: from listen(2) until the holder was dead, or 0 if it lives. */
static uint64_t listen_on_held(const struct reaction *reaction)
{
	pid_t holder = start_holder(reaction);
	int pidfd = holder > 0 ? pidfd_open(holder, 0) : -1;
	int socket = pidfd < 0 ? -1 : pidfd_getfd(pidfd, HELD_FD, 0);
	uint64_t end_ns = 0;
	pid_t pid = -1;

	forget_caller(reaction->caller);
	if (socket >= 0)
		pid = surroundings_fork(reaction->fence, socket);
	if (pid == 0)
		call_listen(READY_FD, reaction->caller, false);
	close(socket);
	if (pid > 0)
		end_ns = wait_for_death(pidfd);
	surroundings_reap(pid);
	surroundings_reap(holder);
	if (pidfd >= 0)
		close(pidfd);
	/* It may have been killed before it listened, by what the daemon still did about the one before it. */
	return end_ns && reaction->caller->begin_ns ? end_ns - reaction->caller->begin_ns : 0;
}

static void kill_fences(const struct reaction *reaction)
{
	struct bench_series series = bench_series_new("watch, who holds it too", ROUNDS);
	size_t failures = 0;

	while (series.count < ROUNDS && failures < FAILURES_MAX) {
		uint64_t ns = listen_on_held(reaction);

		failures += ns == 0;
		if (ns)
			bench_series_add(&series, (double)ns / NS_PER_MS);
		surroundings_nap_ms(PAUSE_MS);
	}
	report(reaction, "reaction-kill-fence",
	       "From listen until all of the fence are dead, with a watch", &series);
	check_kill(reaction, "all of the fence", &series);
	bench_series_free(&series);
}

static void measure_kill(struct reaction *reaction)
{
	bool usable = begin(reaction, ON_VIOLATION("kill"), CGFENCE_GUARD_KILL);

	if (reaction->fence && !usable)
		bench_skip(reaction->bench, "no guard kill: this kernel has a better one, or none");
	if (usable)
		kill_callers(reaction);
	if (usable && start_daemon(reaction))
		kill_fences(reaction);
	end(reaction);
}

static void measure_close(struct reaction *reaction)
{
	struct bench_series series = bench_series_new("guard event, with a watch", ROUNDS);
	bool usable = begin(reaction, ON_VIOLATION("close"), CGFENCE_GUARD_EVENT);

	if (reaction->fence && !usable)
		bench_skip(reaction->bench, "no guard event: this kernel has a better one");
	usable = usable && start_daemon(reaction);
	for (size_t i = 0; usable && i < ROUNDS; i++) {
		const volatile struct caller *caller = reaction->caller;

		if (listen_and_wait(reaction, true) && caller->end_ns)
			bench_series_add(&series,
					 (double)(caller->end_ns - caller->begin_ns) / NS_PER_MS);
		surroundings_nap_ms(PAUSE_MS);
	}
	if (usable)
		report(reaction, "reaction-close", "From listen until the socket is closed",
		       &series);
	bench_series_free(&series);
	end(reaction);
}

void bench_reaction(struct bench *bench)
{
	struct reaction reaction = { .bench = bench };
	int before = -1;
	int result = surroundings_enter_netns(&before);
	void *shared;

	if (result) {
		bench_skip(bench, "reactions need a network namespace of their own: %s",
			   strerror(-result));
		return;
	}
	shared = mmap(NULL, sizeof(struct caller), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared != MAP_FAILED) {
		reaction.caller = shared;
		bench_progress(bench, "reaction: listen to EPERM");
		measure_denial(&reaction);
		bench_progress(bench, "reaction: listen to SIGKILL");
		measure_kill(&reaction);
		bench_progress(bench, "reaction: listen to close");
		measure_close(&reaction);
		daemon_measure_idle(bench);
		munmap(shared, sizeof(struct caller));
	}
	surroundings_leave_netns(before);
}
