// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The program itself watches fences in which processes open and close listeners at random, while policies change. It
 * takes CGFENCE_SOAK_SECONDS, and runs CGFENCE_SOAK_PROGRAM.
 */
#include "soak_worker.h"
#include "base/boot_time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(reconcile_soak, .init = sockets_begin, .fini = harness_end, .timeout = 900);

#define DEFAULT_SECONDS "20"
#define DEFAULT_PROGRAM "build/cgfence" /* without sanitizers, whose memory grows */

#define NS_PER_S 1000000000ULL
#define INTERVAL "1s"
#define INTERVAL_NS NS_PER_S

/* How often the test looks around, and how often policies change. */
#define ROUND_US 50000
#define ROUNDS_PER_CHANGE 8
#define ROUNDS_OF_PEACE 60 /* between changes, for passes are made at each */

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

/* What of the daemon must not grow. */
struct footprint {
	unsigned long rss_kb;
	unsigned int descriptors;
};

static struct soak *soak;
static struct process processes[WORKERS];
static struct cgfence_cgroup *roots[SOAK_FENCES];
static char log_path[256];

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static pid_t start_daemon(void)
{
	const char *program = setting("CGFENCE_SOAK_PROGRAM", DEFAULT_PROGRAM);
	pid_t pid;

	snprintf(log_path, sizeof(log_path), "%s/watch", harness_directory());
	pid = fork();
	cr_assert_geq(pid, 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		int output = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(output, STDOUT_FILENO);
		execl(program, program, "watch", "--json", "--interval", INTERVAL, NULL);
		perror(program);
		_exit(127);
	}
	return pid;
}

/* What the daemon has said so far, to be given to free(). */
static char *read_log(void)
{
	FILE *file = fopen(log_path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	if (file)
		fclose(file);
	return text;
}

static unsigned int count_in_log(const char *part)
{
	char *text = read_log();
	unsigned int found = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		found++;
	free(text);
	return found;
}

static void await_daemon(pid_t daemon)
{
	while (!count_in_log("started")) {
		cr_assert_eq(waitpid(daemon, NULL, WNOHANG), 0, "the daemon has ended");
		usleep(ROUND_US);
	}
}

static unsigned int count_descriptors(pid_t pid)
{
	unsigned int count = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	cr_assert(directory, "the daemon has ended");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static unsigned long read_rss_kb(pid_t pid)
{
	unsigned long rss_kb = 0;
	char path[64];
	char line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	cr_assert(file, "the daemon has ended");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %lu", &rss_kb);
	fclose(file);
	return rss_kb;
}

/* In a pass it has more of both, so the least of several is taken. */
static void note_footprint(pid_t daemon, struct footprint *least)
{
	unsigned long rss_kb = read_rss_kb(daemon);
	unsigned int descriptors = count_descriptors(daemon);

	if (!least->rss_kb || rss_kb < least->rss_kb)
		least->rss_kb = rss_kb;
	if (!least->descriptors || descriptors < least->descriptors)
		least->descriptors = descriptors;
}

static void start_process(struct process *process)
{
	*process->worker.excess_since_ns = 0;
	process->pid = harness_fork();
	cr_assert_geq(process->pid, 0, "fork: %s", strerror(errno));
	if (process->pid == 0)
		_exit(soak_work(soak, &process->worker));
}

/* Workers that were killed are started again; that they were not killed in time is noted. */
static void look_after(struct process *process)
{
	enum soak_response response = fences[process->worker.fence].response;
	uint64_t now_ns = soak_now_ns(soak);
	uint64_t since_ns;
	int status;

	if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
		cr_expect(response == SOAK_KILLS && WIFSIGNALED(status) &&
				  WTERMSIG(status) == SIGKILL,
			  "a worker in '%s' ended with status %#x",
			  fences[process->worker.fence].cgroup, (unsigned int)status);
		start_process(process);
		return;
	}
	since_ns = __atomic_load_n(process->worker.excess_since_ns, __ATOMIC_SEQ_CST);
	if (response != SOAK_KILLS || !since_ns || now_ns < since_ns)
		return;
	soak_note_life(soak, now_ns - since_ns);
	soak->late += now_ns - since_ns > soak->limit_ns;
}

/* One policy of a fence is replaced by the other. */
static void change_policy(unsigned int index)
{
	struct soak_fence *fence = &soak->fences[index];
	bool take_away = fence->generation % 4 == 0;

	__atomic_store_n(&fence->taken_away_ns, 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&fence->generation, 1, __ATOMIC_SEQ_CST);
	harness_attach(roots[index], fences[index].policies[take_away]);
	if (take_away)
		__atomic_store_n(&fence->taken_away_ns, soak_now_ns(soak), __ATOMIC_SEQ_CST);
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
	usleep(ROUND_US);
}

static void start_clock(void)
{
	/* Since when something is in excess is never 0. */
	soak->now_ns = NS_PER_S;
	if (harness_fork() == 0) {
		soak_keep_time(soak);
		_exit(0);
	}
}

static void prepare(void)
{
	struct cgfence_cgroup *nested;

	soak = mmap(NULL, sizeof(*soak) + WORKERS * sizeof(uint64_t), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(soak, MAP_FAILED);
	soak->limit_ns = INTERVAL_NS + NS_PER_S;
	start_clock();
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
			.excess_since_ns = (uint64_t *)(soak + 1) + i,
		};
		start_process(&processes[i]);
	}
}

static void finish(pid_t daemon)
{
	int status;

	__atomic_store_n(&soak->stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < WORKERS; i++) {
		cr_expect_eq(waitpid(processes[i].pid, &status, 0), processes[i].pid);
		cr_expect(status == 0 || (fences[plan[i].fence].response == SOAK_KILLS &&
					  WIFSIGNALED(status)),
			  "a worker ended with status %#x", (unsigned int)status);
	}
	kill(daemon, SIGTERM);
	cr_expect_eq(waitpid(daemon, &status, 0), daemon);
	cr_expect_eq(status, 0, "the daemon ended with status %#x", (unsigned int)status);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* That all of it happened, or the rest says little. */
static void expect_variety(void)
{
	static const char *const parts[] = {
		"\"action\":\"closed\"", "\"action\":\"silenced\"", "\"action\":\"killed\"",
		"\"action\":\"logged\"", "\"event\":\"ended\"",	    "\"event\":\"denied\"",
	};

	bool denies = sockets_guard(roots[0]) == CGFENCE_GUARD_DENY;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_expect_gt(count_in_log(parts[i]), 0, "%s never came", parts[i]);
	cr_expect_eq(count_in_log("\"event\":\"dropped\""), 0);
	cr_expect_gt(soak->taken, 0);
	for (int way = 0; way < SOAK_WAYS; way++) {
		/* A guard that denies lets only the audited do it. */
		if (way == SOAK_LISTEN_INSIDE && denies)
			continue;
		cr_expect_gt(soak->allowed[way] + soak->excess[way], 0, "nothing came by way %d",
			     way);
	}
}

Test(reconcile_soak, allowed_listeners_live_and_others_do_not)
{
	uint64_t seconds = strtoul(setting("CGFENCE_SOAK_SECONDS", DEFAULT_SECONDS), NULL, 10);
	uint64_t begin_ns = boot_time_ns();
	uint64_t end_ns = begin_ns + seconds * NS_PER_S;
	uint64_t quarter;
	struct footprint warm = { 0 };
	struct footprint last = { 0 };
	pid_t daemon;

	prepare();
	daemon = start_daemon();
	await_daemon(daemon);
	for (unsigned int round = 1; boot_time_ns() < end_ns; round++) {
		look_around(round);
		/* In the second quarter, and in the last. */
		quarter = (boot_time_ns() - begin_ns) * 4 / (seconds * NS_PER_S);
		if (quarter == 1)
			note_footprint(daemon, &warm);
		else if (quarter == 3)
			note_footprint(daemon, &last);
	}
	finish(daemon);
	cr_expect_eq(soak->harmed, 0, "%lu allowed listeners were harmed", soak->harmed);
	cr_expect_eq(soak->late, 0, "excess lived for up to %lu ms", soak->longest_ns / 1000000);
	cr_expect_eq(soak->let_through, 0);
	cr_expect_eq(soak->refused, 0);
	cr_expect_leq(last.rss_kb, warm.rss_kb + RSS_SLACK_KB, "%lu kB, then %lu kB", warm.rss_kb,
		      last.rss_kb);
	cr_expect_leq(last.descriptors, warm.descriptors, "%u descriptors, then %u",
		      warm.descriptors, last.descriptors);
	expect_variety();
	cr_log_info(
		"%lu excess listeners taken, the longest lived %lu ms; the daemon has %lu kB, %u descriptors",
		soak->taken, soak->longest_ns / 1000000, last.rss_kb, last.descriptors);
}
