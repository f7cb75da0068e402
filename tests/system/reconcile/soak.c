// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The program itself watches fences in which processes open and close listeners at random, while policies change. It
 * takes at least CGFENCE_SOAK_SECONDS, and runs CGFENCE_SOAK_PROGRAM. No excess listener may outlive two passes that
 * began after it was there. With CGFENCE_SOAK_BOUND_MS, none may live longer than that: this depends on the machine.
 */
#include "soak_clock.h"
#include "soak_daemon.h"
#include "soak_worker.h"
#include "base/boot_time.h"
#include "support/descriptors.h"

#include <cgfence/reconcile.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(reconcile_soak, .init = sockets_begin, .fini = harness_end, .timeout = 900);

#define DEFAULT_SECONDS 20
#define PATIENCE_SECONDS 600 /* for all that has to happen at least once */

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL
#define INTERVAL "1s"

/* See soak_daemon_passed(). */
#define PASSES_MAX 3
#define PASSES_MIN 10
#define SAMPLES_MIN 20

/* The periods of the test's checks and of policy changes. */
#define ROUND_US 50000
#define ROUNDS_PER_CHANGE 8
#define ROUNDS_OF_PEACE 60 /* between changes, since each change causes a pass */

#define WORKERS 9
#define RSS_SLACK_KB 512

static const struct {
	const char *cgroup;
	unsigned int fence;
	bool moves;
} plan[WORKERS] = {
	{ "closes", 0, false }, { "closes", 0, false },	       { "closes", 0, true },
	{ "kills", 1, false },	{ "kills", 1, true },	       { "logs", 2, false },
	{ "logs", 2, true },	{ "closes/nested", 0, false }, { "audits", 3, false },
};

/* Of each fence, with the ports that are sometimes assigned and without. */
static const struct {
	const char *cgroup;
	enum soak_response response;
	const char *policies[2];
} fences[SOAK_FENCES] = {
	{ "closes",
	  SOAK_CLOSES,
	  { "{'ports': ['2000-2999', '4000-4999'], 'on_violation': 'close'}",
	    "{'ports': ['2000-2999'], 'on_violation': 'close'}" } },
	{ "kills",
	  SOAK_KILLS,
	  { "{'ports': ['2000-2999', '4000-4999'], 'on_violation': 'kill'}",
	    "{'ports': ['2000-2999'], 'on_violation': 'kill'}" } },
	{ "logs",
	  SOAK_LOGS,
	  { "{'ports': ['2000-2999', '4000-4999']}", "{'ports': ['2000-2999']}" } },
	{ "audits",
	  SOAK_LOGS,
	  { "{'ports': ['2000-2999', '4000-4999'], 'on_violation': 'kill', 'enforce': false}",
	    "{'ports': ['2000-2999'], 'on_violation': 'close', 'enforce': false}" } },
};

struct process {
	pid_t pid; /* 0 if it is to be started */
	struct soak_worker worker;
};

static struct soak *soak;
static struct process processes[WORKERS];
static struct cgfence_cgroup *roots[SOAK_FENCES];
static struct soak_daemon watcher;

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 10) : otherwise;
}

static void start_process(struct process *process)
{
	*process->worker.excess_since = 0;
	process->pid = harness_fork();
	cr_assert_geq(process->pid, 0, "fork: %s", strerror(errno));
	if (process->pid == 0)
		_exit(soak_work(soak, &process->worker));
}

/* Workers that were killed are started again; if they were not killed in time, that is noted. */
static void look_after(struct process *process)
{
	enum soak_response response = fences[process->worker.fence].response;
	uint64_t now = soak_now(soak);
	uint64_t since;
	int status;

	if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
		cr_expect(response == SOAK_KILLS && WIFSIGNALED(status) &&
				  WTERMSIG(status) == SIGKILL,
			  "a worker in '%s' ended with status %#x",
			  fences[process->worker.fence].cgroup, (unsigned int)status);
		start_process(process);
		return;
	}
	since = __atomic_load_n(process->worker.excess_since, __ATOMIC_SEQ_CST);
	if (response != SOAK_KILLS || !since || now < since)
		return;
	soak_note_life(soak, now - since);
	soak->late += now - since > soak->limit;
}

/* One policy of a fence is replaced by the other. */
static void change_policy(unsigned int index)
{
	struct soak_fence *fence = &soak->fences[index];
	bool take_away = fence->generation % 4 == 0;

	__atomic_store_n(&fence->taken_away, 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&fence->generation, 1, __ATOMIC_SEQ_CST);
	harness_attach(roots[index], fences[index].policies[take_away]);
	if (take_away)
		__atomic_store_n(&fence->taken_away, soak_now(soak), __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&fence->generation, 1, __ATOMIC_SEQ_CST);
}

/* A fence that comes and goes, and with it its cgroup. */
static void come_and_go(void)
{
	struct cgfence_cgroup *cgroup = NULL;

	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "comes", &cgroup, NULL), 0);
	harness_attach(cgroup, fences[0].policies[0]);
	cr_expect_eq(cgfence_cgroup_remove(cgroup, NULL), 0);
	cgfence_cgroup_close(cgroup);
}

/* Children of workers that were killed. */
static void reap_orphans(void)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
		for (int i = 0; i < WORKERS; i++) {
			if (processes[i].pid == info.si_pid)
				return;
		}
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
}

static void look_around(unsigned int round)
{
	for (int i = 0; i < WORKERS; i++)
		look_after(&processes[i]);
	reap_orphans();
	if (round / ROUNDS_OF_PEACE % 2 == 0 && round % ROUNDS_PER_CHANGE == 0)
		change_policy(round / ROUNDS_PER_CHANGE % SOAK_FENCES);
	if (round % (2 * ROUNDS_OF_PEACE) == 1)
		come_and_go();
	if (!soak->timed && soak_daemon_passed(&watcher))
		__atomic_add_fetch(&soak->now, 1, __ATOMIC_SEQ_CST);
	usleep(ROUND_US);
}

/* The start of an excess is never 0. */
static void start_clock(void)
{
	uint64_t bound_ms = setting("CGFENCE_SOAK_BOUND_MS", 0);

	soak->timed = bound_ms;
	soak->now = soak->timed ? NS_PER_S : 1;
	soak->limit = soak->timed ? bound_ms * NS_PER_MS : PASSES_MAX;
	if (soak->timed && harness_fork() == 0) {
		soak_keep_time(soak);
		_exit(0);
	}
}

/*
 * A pass loads the programs that look into unix sockets when it first meets one that carries a descriptor, and keeps
 * them: its first pass meets one, so that this is no growth.
 */
static void keep_a_descriptor_in_flight(void)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(descriptors_send(pair[0], STDERR_FILENO), 0);
}

static bool kernel_has_iterator(void)
{
	struct cgfence_reconciler *reconciler;
	bool uses;

	cr_assert_eq(cgfence_reconciler_new(&reconciler, NULL), 0);
	uses = cgfence_reconciler_uses_iterator(reconciler);
	cgfence_reconciler_free(reconciler);
	return uses;
}

static void prepare(void)
{
	struct cgfence_cgroup *nested;

	soak = harness_share(sizeof(*soak) + WORKERS * sizeof(uint64_t));
	start_clock();
	/* Without it no pass that meets one is complete, and so no violation ends. */
	if (kernel_has_iterator())
		keep_a_descriptor_in_flight();
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (unsigned int i = 0; i < SOAK_FENCES; i++) {
		roots[i] = harness_child_cgroup(harness_cgroup(), fences[i].cgroup);
		soak->fences[i].response = fences[i].response;
		soak->fences[i].audits = strstr(fences[i].policies[0], "enforce");
		harness_attach(roots[i], fences[i].policies[0]);
	}
	nested = harness_child_cgroup(roots[0], "nested");
	for (unsigned int i = 0; i < WORKERS; i++) {
		processes[i].worker = (struct soak_worker){
			.cgroup = strchr(plan[i].cgroup, '/') ? nested : roots[plan[i].fence],
			.fence = plan[i].fence,
			.index = i,
			.moves = plan[i].moves,
			.excess_since = (uint64_t *)(soak + 1) + i,
		};
		start_process(&processes[i]);
	}
}

static void finish(void)
{
	int status;

	__atomic_store_n(&soak->stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < WORKERS; i++) {
		cr_expect_eq(waitpid(processes[i].pid, &status, 0), processes[i].pid);
		cr_expect(status == 0 || (fences[plan[i].fence].response == SOAK_KILLS &&
					  WIFSIGNALED(status)),
			  "a worker ended with status %#x", (unsigned int)status);
	}
	soak_daemon_stop(&watcher);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Of all that has to happen, or the rest says little: what did not yet; NULL if there is nothing left. */
static const char *find_missing(void)
{
	static const char *const parts[] = {
		"\"action\":\"closed\"", "\"action\":\"silenced\"", "\"action\":\"killed\"",
		"\"action\":\"logged\"", "\"event\":\"ended\"",	    "\"event\":\"denied\"",
	};
	static const char *const ways[SOAK_WAYS] = {
		[SOAK_BOUND_INSIDE] = "a socket bound inside",
		[SOAK_LISTEN_INSIDE] = "a port that the kernel chose",
		[SOAK_PASSED] = "a socket passed ready made",
		[SOAK_PASSED_UNBOUND] = "a socket passed and bound inside",
		[SOAK_MOVED] = "a process that moved",
	};
	/* The deny guard lets only audited fences do it. */
	bool denies = sockets_guard(roots[0]) == CGFENCE_GUARD_DENY;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!soak_daemon_count(&watcher, parts[i]))
			return parts[i];
	}
	for (int way = 0; way < SOAK_WAYS; way++) {
		if (!(soak->allowed[way] + soak->excess[way]) &&
		    !(way == SOAK_LISTEN_INSIDE && denies))
			return ways[way];
	}
	if (!soak->timed && soak->now < PASSES_MIN)
		return "enough passes";
	return soak->taken ? NULL : "an excess listener that was closed";
}

/* Works for the time that is set, and on until all has happened. */
static void work(struct soak_footprint *warm, struct soak_footprint *last)
{
	uint64_t soak_ns = setting("CGFENCE_SOAK_SECONDS", DEFAULT_SECONDS) * NS_PER_S;
	uint64_t begin_ns = boot_time_ns();
	uint64_t worked_ns = 0;
	const char *missing = "everything";

	for (unsigned int round = 1; worked_ns < soak_ns || last->samples < SAMPLES_MIN || missing;
	     round++) {
		look_around(round);
		worked_ns = boot_time_ns() - begin_ns;
		if (worked_ns >= soak_ns && round % ROUNDS_PER_CHANGE == 0)
			missing = find_missing();
		cr_assert_lt(worked_ns, soak_ns + PATIENCE_SECONDS * NS_PER_S, "%s never came",
			     missing);
		/* In the second quarter, and in the last. */
		if (worked_ns >= soak_ns * 3 / 4 && warm->samples >= SAMPLES_MIN)
			soak_daemon_measure(&watcher, last);
		else if (worked_ns >= soak_ns / 4 &&
			 (worked_ns < soak_ns / 2 || warm->samples < SAMPLES_MIN))
			soak_daemon_measure(&watcher, warm);
	}
}

Test(reconcile_soak, allowed_listeners_live_and_others_do_not)
{
	struct soak_footprint warm = { 0 };
	struct soak_footprint last = { 0 };
	uint64_t longest;
	const char *unit;

	prepare();
	soak_daemon_start(&watcher, INTERVAL);
	work(&warm, &last);
	finish();
	longest = soak->timed ? soak->longest / NS_PER_MS : soak->longest;
	unit = soak->timed ? "ms" : "passes";
	cr_expect_eq(soak->harmed, 0, "%lu allowed listeners were harmed", soak->harmed);
	cr_expect_eq(soak->late, 0, "excess lived for up to %lu %s", longest, unit);
	cr_expect_eq(soak->let_through, 0);
	cr_expect_eq(soak->refused, 0);
	cr_expect_eq(soak_daemon_count(&watcher, "\"event\":\"dropped\""), 0);
	cr_expect_leq(last.rss_kb, warm.rss_kb + RSS_SLACK_KB, "%lu kB, then %lu kB", warm.rss_kb,
		      last.rss_kb);
	cr_expect_leq(last.descriptors, warm.descriptors, "%u descriptors, then %u",
		      warm.descriptors, last.descriptors);
	cr_log_info("%lu excess listeners taken, the longest lived %lu %s, %u passes were counted; "
		    "the daemon has %lu kB, %u descriptors",
		    soak->taken, longest, unit, watcher.signs, last.rss_kb, last.descriptors);
}
