// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The cost of a pass of the reconciler, beside the other ways to find the same, in a crowd of processes like those of a busy
 * host: a listener each, some other sockets, and many files.
 */
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/clock.h"
#include "support/endpoint.h"
#include "support/fences.h"

#include <cgfence/reconcile.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD_MAX 1000
#define DESCRIPTORS 250 /* of each process */
#define SOCKET_SHARE 10 /* one in ten is a socket */

#define FENCES 10
#define FENCE_ROUNDS 21
#define LISTENERS_MAX 65536

/* Of the specification, with the largest crowd. */
#define TARGET_RATIO 8

/* How much more than one of the first hundred one of the last nine hundred fences may cost, for it is noise. */
#define TARGET_GROWTH 2

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
	probe_remove_fences(crowd.fences, crowd.fence_count);
	fences_remove(crowd.outside);
	cgfence_reconciler_free(reconciler);
}

/* Return: false if there cannot be so many processes. */
static bool begin_crowd(size_t processes, size_t fence_count)
{
	struct cgfence_error error = { 0 };

	if (cgfence_reconciler_new(&reconciler, &error))
		report_fail("%s", error.text);
	probe_new_fences("fence", fence_count, POLICY, crowd.fences);
	crowd.fence_count = fence_count;
	crowd.outside = probe_cgroup(NULL, "outside");
	for (crowd.count = 0; crowd.count < processes; crowd.count++) {
		size_t fence = crowd.count / 2 % fence_count;
		bool is_fenced = crowd.count % 2 == 0;
		pid_t pid = children_hold(is_fenced ? crowd.fences[fence] : crowd.outside,
					  be_member, NULL);

		if (pid < 0) {
			report_skip(text("%zu processes with %d descriptors each are too many",
					 processes, DESCRIPTORS));
			end_crowd();
			return false;
		}
		crowd.pids[crowd.count] = pid;
	}
	return true;
}

/*
 * The network/ports isolator of Mesos asks sock_diag for the listeners of both families, and reads the links in
 * /proc/PID/fd of each process. This does less than cgfence: it looks up no cgroups and no threads.
 */

static struct {
	uint32_t inodes[LISTENERS_MAX]; /* ascending */
	size_t count;
} listening;

static int compare_inodes(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static int take_listener(struct nl_msg *message, void *unused)
{
	const struct inet_diag_msg *socket = nlmsg_data(nlmsg_hdr(message));

	(void)unused;
	if (listening.count < LISTENERS_MAX)
		listening.inodes[listening.count++] = socket->idiag_inode;
	return NL_OK;
}

static int list_family(struct nl_sock *netlink, int family)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = 1U << TCP_LISTEN,
	};

	return nl_send_simple(netlink, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)) <
		       0 ||
	       nl_recvmsgs_default(netlink) < 0;
}

static int list_listeners(void)
{
	struct nl_sock *netlink = nl_socket_alloc();
	int result;

	listening.count = 0;
	result = !netlink || nl_connect(netlink, NETLINK_SOCK_DIAG) ||
		 nl_socket_modify_cb(netlink, NL_CB_VALID, NL_CB_CUSTOM, take_listener, NULL) ||
		 list_family(netlink, AF_INET) || list_family(netlink, AF_INET6);
	nl_socket_free(netlink);
	qsort(listening.inodes, listening.count, sizeof(uint32_t), compare_inodes);
	return result;
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
	return list_listeners() == 0 && visit_all(AT_FDCWD, "/proc", visit_process) >= crowd.count;
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

/* The daemon sweeps and lists the fences in each interval before the pass. */
static bool pass_as_daemon(void)
{
	uint64_t *ids = NULL;
	size_t count;

	cgfence_fence_sweep();
	cgfence_fence_list(&ids, &count, NULL);
	free(ids);
	return pass();
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

static double time_look(bool (*look)(void))
{
	uint64_t begin_ns = clock_ns();

	return look() ? clock_ms_since(begin_ns) : NAN;
}

static double measure_way(const void *way)
{
	return time_look(((const struct way *)way)->look);
}

static void judge_largest(struct table *table)
{
	double walk_ms = table_median(table, "walk of /proc/*/fd");
	double pass_ms = table_median(table, "pass");

	report_target(walk_ms >= TARGET_RATIO * pass_ms,
		      "a pass over %zu processes with %zu descriptors takes %.1f ms, the walk %.1f "
		      "ms: %.1f times faster, at least %d asked for",
		      crowd.count, crowd.count * DESCRIPTORS, pass_ms, walk_ms, walk_ms / pass_ms,
		      TARGET_RATIO);
	report_compare("a pass over 1,000 processes", "walk of /proc/*/fd", pass_ms, walk_ms);
}

static void measure_crowd(size_t processes, size_t rounds)
{
	struct table *table = table_new(
		"ms", text("reconciler-%zu", processes),
		text("Listeners and their processes: %zu processes with %zu descriptors and %zu listeners, "
		     "half of them in %d fences",
		     processes, processes * DESCRIPTORS, processes, FENCES));

	report_progress(text("reconciler: %zu processes", processes));
	if (!begin_crowd(processes, FENCES))
		return;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		table_add(table, measure_way, &ways[i], ways[i].name);
	for (size_t i = 0; i < table->count; i++)
		measure_way(&ways[i]); /* to warm up */
	table_measure(table, rounds);
	report_table(table, NULL);
	if (processes == CROWD_MAX)
		judge_largest(table);
	end_crowd();
}

/* Against the number of fences, one of which is that of the crowd. */

static const size_t numbers[] = { 1, 10, 100, 1000 };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct table *passes;
static struct table *intervals;

static void measure_beside(size_t index)
{
	time_look(pass_as_daemon);
	for (int round = 0; round < FENCE_ROUNDS; round++) {
		table_put(&intervals->rows[index], time_look(pass_as_daemon));
		table_put(&passes->rows[index], time_look(pass));
	}
}

/* Microseconds that each fence adds between two numbers of them. */
static double growth_us(size_t from, size_t to)
{
	return (row_quantile(&passes->rows[to], 0.5) - row_quantile(&passes->rows[from], 0.5)) *
	       1000 / (double)(numbers[to] - numbers[from]);
}

static void measure_numbers(void)
{
	passes = table_new("ms", "reconciler-fences",
			   "A pass against the number of fences: 10 processes with 2,500 "
			   "descriptors, all fences but one empty");
	intervals = table_new("ms", "reconciler-daemon",
			      "The same with all else that the daemon does each interval");
	for (size_t i = 0; i < NUMBERS; i++) {
		const char *name = text("%zu fence%s", numbers[i], numbers[i] == 1 ? "" : "s");

		table_add(passes, NULL, NULL, name);
		table_add(intervals, NULL, NULL, name);
	}
	if (!begin_crowd(10, 1))
		return;
	probe_grow(POLICY, numbers, NUMBERS, measure_beside);
	end_crowd();
	report_table(passes, NULL);
	report_table(intervals, NULL);
	report_target(
		growth_us(2, 3) <= TARGET_GROWTH * growth_us(0, 2),
		"to a pass the 1,000th fence adds %.0f us, as much as the first ones (%.0f us)",
		growth_us(2, 3), growth_us(0, 2));
}

void suite_reconciler(void)
{
	measure_crowd(10, 41);
	measure_crowd(100, 21);
	measure_crowd(CROWD_MAX, 11);
	measure_numbers();
}
