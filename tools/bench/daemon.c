// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon, for what needs it, and when it has nothing to do. */
#include "daemon.h"
#include "surroundings.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READY_TIMEOUT_MS 10000

#define INTERVAL_S 5
#define INTERVALS 4
#define FENCES 10
#define POLICY "{'ports': {'tcp': [8080]}}"

/* The socket of systemd's readiness protocol, sd_notify(3). Abstract names are of the network namespace. */
static int open_notify_socket(void)
{
	static const char name[] = "cgfence-bench";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

pid_t daemon_start(struct bench *bench, const char *interval)
{
	const char *const words[] = { bench_program(bench), "watch", "--interval", interval, NULL };
	int notify = open_notify_socket();
	struct pollfd readable = { .fd = notify, .events = POLLIN };
	pid_t pid = -1;

	setenv("NOTIFY_SOCKET", "@cgfence-bench", 1);
	if (notify >= 0)
		pid = surroundings_spawn(words);
	unsetenv("NOTIFY_SOCKET");
	if (pid > 0 && poll(&readable, 1, READY_TIMEOUT_MS) != 1) {
		surroundings_reap(pid);
		pid = -1;
	}
	if (notify >= 0)
		close(notify);
	if (pid < 0)
		bench_skip(bench, "cgfence watch does not get ready");
	return pid;
}

/* How often it has given up the processor to wait for something; being preempted is no waking up. */
static long read_switches(pid_t pid)
{
	char line[128];
	char path[64];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	if (file)
		fclose(file);
	return count;
}

static void count_wakeups(struct bench *bench, pid_t daemon)
{
	struct bench_series series = bench_series_new("wake-ups", INTERVALS);
	char title[128];
	long wakeups = 0;
	long count;

	/* From between two passes, so that each interval has one of them. */
	surroundings_nap_ms(INTERVAL_S * 1000 / 2);
	count = read_switches(daemon);
	for (int i = 0; i < INTERVALS; i++) {
		long now;

		surroundings_nap_ms(INTERVAL_S * 1000);
		now = read_switches(daemon);
		bench_series_add(&series, (double)(now - count));
		wakeups += now - count;
		count = now;
	}
	snprintf(title, sizeof(title), "An idle watch with %d fences and --interval %ds", FENCES,
		 INTERVAL_S);
	bench_report(bench, "reaction-idle", title, "an interval", &series, 1, 0);
	bench_target(bench, bench_series_quantile(&series, 0.5) <= 1,
		     "an idle watch wakes only for its interval: %ld times in %d intervals",
		     wakeups, INTERVALS);
	bench_series_free(&series);
}

void daemon_measure_idle(struct bench *bench)
{
	struct cgfence_cgroup *fences[FENCES] = { NULL };
	char interval[16];
	bool usable = true;
	pid_t daemon = -1;

	for (size_t i = 0; i < FENCES && usable; i++) {
		char name[32];

		snprintf(name, sizeof(name), "idle-%zu", i);
		fences[i] = surroundings_make_fence(bench, name, POLICY);
		usable = fences[i];
	}
	snprintf(interval, sizeof(interval), "%ds", INTERVAL_S);
	if (usable)
		daemon = daemon_start(bench, interval);
	if (daemon > 0) {
		bench_progress(bench, "reaction: %d seconds of nothing", INTERVAL_S * INTERVALS);
		count_wakeups(bench, daemon);
		surroundings_reap(daemon);
	}
	for (size_t i = 0; i < FENCES; i++)
		surroundings_remove(fences[i]);
}
