// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fence of a step of Slurm, in cgroups as Slurm makes them, without and with its device programs. */
#include "../../../tools/slurm/step.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/whitelist.h"
#include "system/standing/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Beyond what the tests of others would name. */
#define POLICY \
	"{'devices': {'allow': ['c 1:3 rw', 'c 1:7 r', 'c 1:9 r']}, 'ports': {'tcp': [31000]}}"
#define CHOSEN "{'devices': {'allow': ['c 1:3 r', 'c 1:7 rw', 'c 1:9 r']}}"

static struct cgfence_cgroup *job;
static struct cgfence_cgroup *step;
static struct cgfence_cgroup *daemon_cgroup; /* of slurmstepd */
static struct cgfence_cgroup *tasks;
static struct cgfence_cgroup *task;

static char *reported; /* shared with children */
static char policies[128];

static void write_policy(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.json", policies, name);
	cr_assert_eq(fences_write_json(path, text), 0);
}

static void begin(void)
{
	harness_begin();
	job = harness_child_cgroup(harness_cgroup(), "job_12");
	step = harness_child_cgroup(job, "step_0");
	daemon_cgroup = harness_child_cgroup(step, "slurm");
	tasks = harness_child_cgroup(step, "user");
	task = harness_child_cgroup(tasks, "task_0");
	/* Of root's alone, unlike the test's own. */
	snprintf(policies, sizeof(policies), "%s/policies", harness_directory());
	cr_assert_eq(mkdir(policies, 0700), 0);
	write_policy("batch", POLICY);
	write_policy("mine", CHOSEN);
	reported = harness_share(1024);
}

TestSuite(slurm_step, .init = begin, .fini = harness_end);

/* Return: -errno as a number of exit, 100 if it is above. */
static int call_fence(void *argument)
{
	const struct step_wish *wish = argument;
	struct cgfence_error error = { 0 };
	bool above = false;
	int result = step_fence(wish, &above, &error);

	snprintf(reported, 1024, "%s", error.text);
	return result ? -result : above ? 100 : 0;
}

static void add_line(const char *line, void *context)
{
	(void)context;
	strncat(reported, line, 500);
	strcat(reported, "\n");
}

static int call_end(void *argument)
{
	struct cgfence_error error = { 0 };

	(void)argument;
	*reported = '\0';
	return step_tell(add_line, NULL, &error) || step_end(&error);
}

static void end(void)
{
	uint64_t *ids = NULL;
	size_t count;

	cr_expect_eq(harness_in_cgroup(daemon_cgroup, call_end, NULL), 0);
	cr_assert_eq(cgfence_fence_list(&ids, &count, NULL), 0);
	cr_expect_eq(count, 0, "%zu fences are left", count);
	free(ids);
}

static void expect_fenced(void)
{
	cr_expect_eq(harness_open(task, "c 1:7", O_RDONLY), 0);
	cr_expect_eq(harness_open(task, "c 1:7", O_WRONLY), EPERM);
	cr_expect_eq(harness_open(daemon_cgroup, "c 1:7", O_WRONLY), 0, "slurmstepd is no task");
}

Test(slurm_step, is_on_the_tasks_alone_and_reported)
{
	struct step_wish wish = { .directory = policies, .mandatory = "batch" };

	cr_assert_eq(harness_in_cgroup(task, call_fence, &wish), 0, "%s", reported);
	cr_assert_eq(harness_in_cgroup(task, call_fence, &wish), 0, "%s", reported);
	expect_fenced();
	end();
	cr_expect_str_eq(reported, "denied c 1:7 w, 1 times\n");
	cr_expect_eq(harness_open(task, "c 1:7", O_WRONLY), 0);
}

#define MOVES 20000

static bool move_to(int cgroup, const char *name, pid_t process)
{
	char path[64];
	int procs;
	bool moved;

	snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	procs = openat(cgroup, path, O_WRONLY | O_CLOEXEC);
	moved = dprintf(procs, "%d", process) > 0;
	close(procs);
	return moved;
}

/* A thread that is ending is not moved (cgroup_migrate_add_task, kernel/cgroup/cgroup.c), and is there for a moment. */
static bool remove_left(int cgroup, const char *name)
{
	int result;

	do
		result = unlinkat(cgroup, name, AT_REMOVEDIR);
	while (result < 0 && errno == EBUSY);
	return result == 0;
}

/* Moves a process from one cgroup of a task to the next, and removes the first, as Slurm does while a task starts. */
static _Noreturn void move_on(pid_t process)
{
	int user = cgfence_cgroup_fd(tasks);
	char from[32];
	char to[32];

	if (!move_to(cgfence_cgroup_fd(daemon_cgroup), ".", 0))
		_exit(1);
	for (unsigned int i = 1; i <= harness_rounds(MOVES); i++) {
		snprintf(from, sizeof(from), "task_%u", i - 1);
		snprintf(to, sizeof(to), "task_%u", i);
		if (mkdirat(user, to, 0755) < 0 || !move_to(user, to, process) ||
		    !remove_left(user, from))
			_exit(1);
	}
	_exit(0);
}

#define MOUNTS 20

/* Makes the table of mounts so long that reading it takes longer than a move. */
static bool mount_much(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	for (int i = 0; i < MOUNTS; i++) {
		if (mount(policies, policies, NULL, MS_BIND, NULL) < 0)
			return false;
	}
	return true;
}

/* Return: what move_on() did, or what call_fence() says if the step could not be fenced meanwhile. */
static int call_fence_while_moved(void *argument)
{
	pid_t process = getpid();
	pid_t mover = mount_much() ? fork() : -1;
	int status = 0;
	int result = 0;

	if (mover == 0)
		move_on(process);
	/* What is reported stays that of the first failure. */
	while (mover > 0 && result == 0 && waitpid(mover, &status, WNOHANG) == 0)
		result = call_fence(argument);
	if (mover > 0 && result)
		waitpid(mover, &status, 0);
	return mover < 0 || !WIFEXITED(status) ? 1 : result ? result : WEXITSTATUS(status);
}

Test(slurm_step, a_task_that_is_moved_while_it_asks_is_fenced)
{
	struct step_wish wish = { .directory = policies, .mandatory = "batch" };

	cr_expect_eq(harness_in_cgroup(task, call_fence_while_moved, &wish), 0, "%s", reported);
	end();
}

/* The one of the user takes away, and gives nothing. */
Test(slurm_step, both_policies_judge)
{
	struct step_wish wish = { .directory = policies, .mandatory = "batch", .chosen = "mine" };

	standing_skip_if_refused();
	cr_assert_eq(harness_in_cgroup(task, call_fence, &wish), 100, "%s", reported);
	expect_fenced();
	cr_expect_eq(harness_open(task, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(task, "c 1:3", O_WRONLY), EPERM);
	end();
}

Test(slurm_step, goes_above_the_programs_of_slurm)
{
	static const struct whitelist_entry everything[] = {
		{ BPF_DEVCG_DEV_CHAR, -1, -1,
		  BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD },
	};
	struct step_wish wish = { .directory = policies, .chosen = "batch" };
	struct cgfence_cgroup *const of_slurm[] = { job, step, task };

	standing_skip_if_refused();
	for (int i = 0; i < 3; i++) {
		struct whitelist list = whitelist_load(everything, 1);

		whitelist_attach(&list, of_slurm[i], i < 2 ? BPF_F_ALLOW_OVERRIDE : 0);
		whitelist_close(&list);
	}
	cr_assert_eq(harness_in_cgroup(task, call_fence, &wish), 100, "%s", reported);
	expect_fenced();
	end();
	cr_expect_str_eq(reported, "denied c 1:7 w, 1 times\n");
}

Test(slurm_step, ports_are_assigned_beside_those_of_the_policy)
{
	struct step_wish wish = { .directory = policies,
				  .chosen = "batch",
				  .ports = "12000-12001" };
	struct cgfence_fence *fence = NULL;
	struct cgfence_port_request request;
	struct cgfence_explanation explanation;

	cr_assert_eq(harness_in_cgroup(task, call_fence, &wish), 0, "%s", reported);
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(tasks), &fence, NULL), 0);
	cr_assert_eq(cgfence_port_request_parse("udp", "12001", &request, NULL), 0);
	cr_assert_eq(cgfence_policy_explain_port(cgfence_fence_policy(fence), &request,
						 &explanation, NULL),
		     0);
	cr_expect(explanation.allowed, "%s", explanation.reason);
	cgfence_fence_close(fence);
	end();
}

Test(slurm_step, without_its_policy_it_fails)
{
	struct step_wish wish = { .directory = policies, .chosen = "../batch" };

	cr_expect_eq(harness_in_cgroup(task, call_fence, &wish), EINVAL);
	wish.chosen = "missing";
	cr_expect_eq(harness_in_cgroup(task, call_fence, &wish), ENOENT);
	wish.chosen = "batch";
	cr_expect_eq(harness_in_cgroup(job, call_fence, &wish), ENOENT);
	cr_expect_not_null(strstr(reported, "CgroupPlugin=cgroup/v2"), "%s", reported);
}
