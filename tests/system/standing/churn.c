// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Containers come and go below a standing fence, while its policy changes and the program itself watches: nothing is let
 * through, every refusal is counted, and nothing of those that are gone stays. With CGFENCE_CHURN_SECONDS it goes on for so
 * long, at CGFENCE_CHURN_RATE containers a second, or as fast as it can, and sees that the daemon does not grow.
 */
#include "standing.h"
#include "../reconcile/soak_daemon.h"
#include "support/children.h"
#include "support/clock.h"
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(standing_churn, .init = sockets_begin, .fini = standing_end, .timeout = 900);

#define POLICY(except)                                                   \
	"{'except': ['" except "'], 'devices': {'allow': ['c 1:3 rw']}," \
	" 'ports': ['20000-20999'], 'on_violation': 'log'}"

#define WORKERS 8
#define DEFAULT_CONTAINERS 100 /* without a time */
#define INTERVAL "1s"

#define NS_PER_S 1000000000ULL
#define ROUND_US 20000
#define ROUNDS_PER_CHANGE 5
#define RSS_SLACK_KB 1024

/* What a container finds wrong, as its exit code. */
enum wrong { RIGHT, NOT_ENTERED, OPENED, NOT_OPENED, BOUND, NOT_BOUND };

static struct churn {
	unsigned long made; /* containers that were there and are gone */
	unsigned long wrong;
	int last_wrong;
	int failed; /* errno of what kept a worker from working */
} * churn;

static unsigned long seconds;
static unsigned long containers_max; /* of a worker; 0 if there is a time */
static unsigned long rate;	     /* of all workers; 0 for as many as they can */
static const char *null_node;
static const char *zero_node;

static int try_bind(const char *text)
{
	int fd = endpoint_open(text);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

static int be_container(int directory, unsigned int worker)
{
	int procs = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char allowed[64];

	if (procs < 0 || write(procs, "0", 1) != 1)
		return NOT_ENTERED;
	if (open(zero_node, O_RDONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		return OPENED;
	if (open(null_node, O_RDWR | O_CLOEXEC) < 0)
		return NOT_OPENED;
	if (try_bind("tcp 127.0.0.1 9") != EPERM)
		return BOUND;
	snprintf(allowed, sizeof(allowed), "udp 127.0.0.1 %u reuseaddr", 20000 + worker);
	return try_bind(allowed) ? NOT_BOUND : RIGHT;
}

/* Return: 0 or errno. */
static int come_and_go(unsigned int worker, unsigned long number)
{
	int anchor = cgfence_cgroup_fd(harness_cgroup());
	int directory;
	char name[64];
	pid_t pid;
	int code;

	snprintf(name, sizeof(name), "job-%u-%lu", worker, number);
	if (mkdirat(anchor, name, 0755) < 0)
		return errno;
	directory = openat(anchor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = directory < 0 ? -1 : fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(be_container(directory, worker));
	close(directory);
	code = children_await(pid);
	if (code != RIGHT) {
		__atomic_add_fetch(&churn->wrong, 1, __ATOMIC_SEQ_CST);
		churn->last_wrong = code;
	}
	/* A process is in its cgroup a moment longer than it can be waited for. */
	while (unlinkat(anchor, name, AT_REMOVEDIR) < 0) {
		if (errno != EBUSY)
			return errno;
	}
	__atomic_add_fetch(&churn->made, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void await(uint64_t ns)
{
	const struct timespec time = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int work(unsigned int worker)
{
	uint64_t begin_ns = clock_ns();
	int code = 0;

	for (unsigned long i = 0; code == 0; i++) {
		if (containers_max ? i == containers_max
				   : clock_ns() - begin_ns >= seconds * NS_PER_S)
			return 0;
		if (rate)
			await(begin_ns + i * WORKERS * NS_PER_S / rate);
		code = come_and_go(worker, i);
	}
	churn->failed = code;
	return 1;
}

static unsigned long setting(const char *name)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : 0;
}

static void prepare(pid_t *workers)
{
	seconds = setting("CGFENCE_CHURN_SECONDS");
	rate = setting("CGFENCE_CHURN_RATE");
	containers_max = seconds ? 0 : harness_rounds(DEFAULT_CONTAINERS) / WORKERS + 1;
	null_node = strdup(harness_node("c 1:3"));
	zero_node = strdup(harness_node("c 1:5"));
	churn = harness_share(sizeof(*churn));
	standing_attach("job-*", POLICY("job-x*"));
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = harness_fork();
		cr_assert_geq(workers[i], 0);
		if (workers[i] == 0)
			_exit(work(i));
	}
}

/* The policy is replaced by one of other exceptions, for which another place is taken. */
static void look_after(pid_t *workers, const struct soak_daemon *daemon,
		       struct soak_footprint *warm, struct soak_footprint *last)
{
	uint64_t begin_ns = clock_ns();
	unsigned int working = WORKERS;
	int status;

	for (unsigned int round = 0; working; round++) {
		double passed_s = (double)(clock_ns() - begin_ns) / NS_PER_S;

		for (unsigned int i = 0; i < WORKERS; i++) {
			if (workers[i] && waitpid(workers[i], &status, WNOHANG) == workers[i]) {
				cr_expect_eq(status, 0, "a worker failed: %s",
					     strerror(churn->failed));
				workers[i] = 0;
				working--;
			}
		}
		if (round % ROUNDS_PER_CHANGE == 0)
			standing_attach("job-*", round / ROUNDS_PER_CHANGE % 2 ? POLICY("job-x*")
									       : POLICY("job-y*"));
		if (seconds && passed_s >= (double)seconds / 4)
			soak_daemon_measure(daemon, passed_s < (double)seconds / 2 ? warm : last);
		usleep(ROUND_US);
	}
}

static void expect_all_counted(void)
{
	struct cgfence_fence *fence = standing_open("job-*");
	struct cgfence_counters counters;

	cr_expect_not(cgfence_fence_overflows(fence));
	cr_assert_eq(cgfence_fence_read_counters(fence, &counters, NULL), 0);
	cr_expect_eq(cgfence_counters_denied(&counters, CGFENCE_HOOK_DEVICE), churn->made,
		     "%llu of %lu opens",
		     (unsigned long long)cgfence_counters_denied(&counters, CGFENCE_HOOK_DEVICE),
		     churn->made);
	cr_expect_eq(cgfence_counters_denied(&counters, CGFENCE_HOOK_BIND), churn->made,
		     "%llu of %lu binds",
		     (unsigned long long)cgfence_counters_denied(&counters, CGFENCE_HOOK_BIND),
		     churn->made);
	cgfence_fence_close(fence);
}

/* Of one processor, in per mille; the daemon was started when the clock was at @begin_ns. */
static unsigned long share_of_processor(pid_t pid, uint64_t begin_ns)
{
	unsigned long user = 0;
	unsigned long kernel = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* proc_pid_stat(5) */
	if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &kernel) != 2)
		user = 0;
	fclose(file);
	return (unsigned long)((double)(user + kernel) * 1e6 / (double)sysconf(_SC_CLK_TCK) /
			       clock_ms_since(begin_ns));
}

Test(standing_churn, containers_that_come_and_go)
{
	struct soak_footprint warm = { 0 };
	struct soak_footprint last = { 0 };
	struct soak_daemon daemon;
	pid_t workers[WORKERS];
	uint64_t begin_ns;
	unsigned long share;
	double took_s;

	prepare(workers);
	begin_ns = clock_ns();
	soak_daemon_start(&daemon, INTERVAL);
	look_after(workers, &daemon, &warm, &last);
	took_s = clock_ms_since(begin_ns) / 1e3;
	share = share_of_processor(daemon.pid, begin_ns);
	soak_daemon_stop(&daemon);
	/* Whatever opens the fence would free a place that was left. */
	standing_attach("job-*", POLICY("job-z*"));
	cr_expect_eq(standing_count_places(), 1);

	cr_expect_gt(churn->made, 0);
	cr_expect_eq(churn->wrong, 0, "%lu of %lu containers, the last for %d", churn->wrong,
		     churn->made, churn->last_wrong);
	expect_all_counted();
	cr_expect_eq(standing_member_count("job-*"), 0);
	cr_expect_eq(soak_daemon_count(&daemon, "\"event\":\"error\""), 0);
	if (!seconds)
		return;
	cr_expect_leq(last.rss_kb, warm.rss_kb + RSS_SLACK_KB, "%lu kB, then %lu kB", warm.rss_kb,
		      last.rss_kb);
	cr_expect_leq(last.descriptors, warm.descriptors, "%u descriptors, then %u",
		      warm.descriptors, last.descriptors);
	fprintf(stderr,
		"%lu containers, %.0f a second; the daemon took %lu.%lu %% of a processor, "
		"%lu kB and %u descriptors\n",
		churn->made, (double)churn->made / took_s, share / 10, share % 10, last.rss_kb,
		last.descriptors);
}
