// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The cost of a pass of the reconciler, beside the other ways to find the same, in a crowd of processes like those of a busy
 * host: a listener each, some other sockets, and many files.
 */
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "base/compare.h"
#include "net/sock_diag.h"
#include "support/clock.h"
#include "support/endpoint.h"
#include "support/fences.h"

#include <cgfence/reconcile.h>
#include <cgfence/watch.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CROWD_MAX 1000
#define DESCRIPTORS 250 /* of each process */
#define SOCKET_SHARE 10 /* one in ten is a socket */

#define FENCES 10

/* The first process of each fence listens on a port that is not assigned. */
#define POLICY "{'ports': ['20000-29999'], 'on_violation': 'log', 'enforce': false}"
#define ASSIGNED_PORT 20000
#define EXCESS_PORT 10000

/* Each second process is in one of the fences, the others are outside. */
static struct {
	pid_t pids[CROWD_MAX];
	size_t count;
	struct cgfence_cgroup *fences[FENCES];
	size_t fence_count;
	struct cgfence_cgroup *outside;
} crowd;

static struct cgfence_reconciler *reconciler;
/* Of the daemon, beside that. */
static struct cgfence_census *census;
static struct cgfence_adopter *adopter;
static struct cgfence_resolver *resolver;

/* Each second pair of them listens by IPv6. Every descriptor is of a file of its own, as those of different programs are. */
static bool be_member(void *unused)
{
	bool is_excess = crowd.count % 2 == 0 && crowd.count / 2 < crowd.fence_count;
	int last = endpoint_open(text("tcp %s %zu", crowd.count & 2 ? "::" : "0.0.0.0",
				      (is_excess ? EXCESS_PORT : ASSIGNED_PORT) + crowd.count));

	(void)unused;
	if (last < 0 || listen(last, 8) < 0)
		return false;
	while (last >= 0 && last + 1 < DESCRIPTORS)
		last = last % SOCKET_SHARE ? open("/dev/null", O_RDONLY)
					   : socket(AF_UNIX, SOCK_DGRAM, 0);
	return last >= 0;
}

static void end_crowd(void)
{
	for (size_t i = 0; i < crowd.count; i++)
		children_end(crowd.pids[i]);
	for (size_t i = 0; i < crowd.fence_count; i++)
		fences_remove(crowd.fences[i]);
	fences_remove(crowd.outside);
	cgfence_reconciler_free(reconciler);
}

static void begin_crowd(size_t processes, size_t fence_count)
{
	struct cgfence_error error = { 0 };

	if (cgfence_reconciler_new(&reconciler, &error))
		report_fail("%s", error.text);
	for (size_t i = 0; i < fence_count; i++)
		crowd.fences[i] = probe_new_fence(text("fence-%zu", i), POLICY);
	crowd.fence_count = fence_count;
	crowd.outside = probe_cgroup(NULL, "outside");
	for (crowd.count = 0; crowd.count < processes; crowd.count++) {
		size_t fence = crowd.count / 2 % fence_count;
		bool is_fenced = crowd.count % 2 == 0;
		pid_t pid = children_hold(is_fenced ? crowd.fences[fence] : crowd.outside,
					  be_member, NULL);

		if (pid < 0)
			report_fail("%zu processes with %d descriptors each are too many",
				    processes, DESCRIPTORS);
		crowd.pids[crowd.count] = pid;
	}
}

/*
 * The network/ports isolator of Mesos asks sock_diag for the listeners of both families, and reads the links in
 * /proc/PID/fd of each process. This does less than cgfence: it looks up no cgroups and no threads.
 */

static struct {
	uint32_t *inodes; /* ascending */
	size_t count;
} listening;

static bool list_listeners(void)
{
	struct listeners found = { 0 };
	struct sock_diag *diag = NULL;
	bool failed = sock_diag_open(-1, &diag, NULL) ||
		      sock_diag_dump(diag, IPPROTO_TCP, 0, &found, NULL);

	free(listening.inodes);
	listening.inodes = calloc(found.count + 1, sizeof(*listening.inodes));
	listening.count = listening.inodes ? found.count : 0;
	for (size_t i = 0; i < listening.count; i++)
		listening.inodes[i] = found.items[i].inode;
	if (listening.count)
		sort_inodes(listening.inodes, listening.count);
	listeners_free(&found);
	sock_diag_close(diag);
	return !failed;
}

static size_t is_listener(int directory, const char *name)
{
	char target[64];
	ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
	uint32_t inode;

	if (length < 0)
		return 0;
	target[length] = '\0';
	if (strncmp(target, "socket:[", 8) != 0)
		return 0;
	inode = (uint32_t)strtoul(target + 8, NULL, 10);
	return bsearch(&inode, listening.inodes, listening.count, sizeof(inode), compare_inodes) !=
	       NULL;
}

/* Return: the sum of the values of @visit; 0 if the directory is gone, like that of a process that has ended. */
static size_t visit_all(int parent, const char *path,
			size_t (*visit)(int directory, const char *name))
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t sum = 0;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			sum += visit(fd, entry->d_name);
	}
	if (directory)
		closedir(directory);
	return sum;
}

static size_t visit_process(int proc, const char *pid)
{
	if (*pid < '1' || *pid > '9')
		return 0;
	return visit_all(proc, text("%s/fd", pid), is_listener);
}

/* Ways to look; each returns whether it found all listeners, or all in excess. */

static bool walk(void)
{
	return list_listeners() && visit_all(AT_FDCWD, "/proc", visit_process) >= crowd.count;
}

static bool run_ss(void)
{
	return children_run(WORDS("ss", "-ltnp")) == 0;
}

static void ignore_report(const struct cgfence_violation *violation, void *context)
{
	(void)violation;
	(void)context;
}

static bool pass(void)
{
	size_t in_excess = 0;
	size_t fenced = (crowd.count + 1) / 2;

	return cgfence_reconciler_pass(reconciler, 0, ignore_report, NULL, &in_excess, NULL) == 0 &&
	       in_excess == (fenced < crowd.fence_count ? fenced : crowd.fence_count);
}

static bool run_reconcile(void)
{
	/* 3: some are in excess. */
	return children_run(WORDS("cgfence", "reconcile", "--json")) == 3;
}

/* All that the daemon does at each interval. */
static bool pass_as_daemon(void)
{
	bool more;

	if (cgfence_census_take(census, NULL))
		return false;
	cgfence_adopter_look(adopter);
	cgfence_adopter_work(adopter, NULL, NULL);
	return cgfence_resolver_pass(resolver, NULL, NULL, &more, NULL) == 0 && pass();
}

static const struct way {
	const char *name;
	bool (*look)(void);
} ways[] = {
	{ "walk of /proc/*/fd", walk },
	{ "ss -ltnp", run_ss },
	{ "pass", pass },
	{ "cgfence reconcile", run_reconcile },
};

static double measure_way(const void *way)
{
	uint64_t begin_ns = clock_ns();

	return ((const struct way *)way)->look() ? clock_ms_since(begin_ns) : NAN;
}

static void judge_crowd(struct table *table)
{
	double walk_ms = table_median(table, "walk of /proc/*/fd");
	double pass_ms = table_median(table, "pass");

	if (crowd.count == 10)
		report_at_most(table_median(table, "cgfence reconcile") / walk_ms, 1, "times",
			       "cgfence reconcile with 10 processes against the walk");
	if (crowd.count == CROWD_MAX)
		report_at_least(walk_ms / pass_ms, 8, "times",
				"a pass over 1,000 processes: faster than the walk");
	report_compare(text("a pass over %zu processes", crowd.count), "walk of /proc/*/fd",
		       pass_ms, walk_ms);
}

static void measure_crowd(size_t processes, size_t rounds)
{
	struct table *table = table_new(
		"ms", text("reconciler-%zu", processes),
		text("Listeners and their processes: %zu processes with %zu descriptors and %zu listeners, "
		     "half of them in %d fences",
		     processes, processes * DESCRIPTORS, processes, FENCES));

	report_progress(text("reconciler: %zu processes", processes));
	begin_crowd(processes, FENCES);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		table_add(table, measure_way, &ways[i], ways[i].name);
	for (size_t i = 0; i < table->count; i++)
		measure_way(&ways[i]); /* to warm up */
	table_measure(table, rounds);
	report_table(table, NULL);
	judge_crowd(table);
	end_crowd();
}

/* Against the number of fences, one of which is that of the crowd. */

static const size_t numbers[] = { 10, 100, 1000 };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct table *intervals;

/* The processor time of this process alone. */
static void measure_beside(size_t index)
{
	struct timespec begin;
	struct timespec end;

	/* A fence is new for a second. */
	pass_as_daemon();
	usleep(1100000);
	for (int round = -2; round < 21; round++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
		if (!pass_as_daemon())
			continue;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		if (round >= 0)
			table_put(&intervals->rows[index],
				  (double)(end.tv_sec - begin.tv_sec) * 1e3 +
					  (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	}
}

static void measure_numbers(void)
{
	double added_us;

	intervals =
		table_new("ms", "reconciler-daemon",
			  "Processor time of an interval of the daemon in which nothing changed");
	for (size_t i = 0; i < NUMBERS; i++)
		table_add(intervals, NULL, NULL, text("%zu fences", numbers[i]));
	begin_crowd(10, 1);
	if (cgfence_census_new(&census, NULL) || cgfence_adopter_open(&adopter, NULL) ||
	    cgfence_resolver_new(&resolver, NULL))
		report_fail("out of memory or descriptors");
	cgfence_adopter_use_census(adopter, census);
	cgfence_resolver_use_census(resolver, census);
	cgfence_reconciler_use_census(reconciler, census);
	probe_grow(POLICY, numbers, NUMBERS, measure_beside);
	end_crowd();
	cgfence_adopter_close(adopter);
	cgfence_resolver_free(resolver);
	cgfence_census_free(census);
	report_table(intervals, NULL);
	added_us = (row_quantile(&intervals->rows[NUMBERS - 1], 0.5) -
		    row_quantile(&intervals->rows[0], 0.5)) *
		   1000 / (double)(numbers[NUMBERS - 1] - numbers[0]);
	report_at_most(added_us, 10, "us", "what an unchanged fence adds to an interval of watch");
}

void suite_reconciler(void)
{
	measure_crowd(10, 41);
	measure_crowd(100, 21);
	measure_crowd(CROWD_MAX, 11);
	measure_numbers();
}
