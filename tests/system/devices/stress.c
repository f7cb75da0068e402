// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Large policies, changes under load, commands that are killed, commands at once. */
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(stress, .init = harness_begin, .fini = harness_end, .timeout = 600);

#define ENTRY_COUNT 4096

/* @count exact entries on major 200, and one for /dev/null. */
static char *large_policy(unsigned int count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "{'devices': {'allow': ['c 1:3 rw'");
	for (unsigned int i = 1; i < count; i++)
		fprintf(stream, ", 'c 200:%u r'", i * 7);
	fprintf(stream, "]}}");
	fclose(stream);
	return text;
}

Test(stress, a_policy_of_4096_entries_judges_each_of_them)
{
	char *policy = large_policy(ENTRY_COUNT);

	harness_attach(harness_cgroup(), policy);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	for (unsigned int i = 1; i < ENTRY_COUNT; i += 97) {
		char device[32];

		snprintf(device, sizeof(device), "c 200:%u", i * 7);
		cr_expect_eq(harness_access(harness_cgroup(), device, R_OK), 0, "%s", device);
		cr_expect_eq(harness_access(harness_cgroup(), device, W_OK), EPERM, "%s", device);
		snprintf(device, sizeof(device), "c 200:%u", i * 7 + 1);
		cr_expect_eq(harness_access(harness_cgroup(), device, R_OK), EPERM, "%s", device);
	}
	free(policy);
}

/* The observations of a busy process, in shared memory. */
struct observations {
	volatile bool stop;
	volatile unsigned long rounds;
	volatile unsigned long wrong;
};

static int watch_verdicts(struct observations *seen)
{
	while (!seen->stop) {
		int allowed = open("/dev/null", O_RDWR | O_CLOEXEC);
		int refused = open("/dev/full", O_RDWR | O_CLOEXEC);

		if (allowed < 0 || refused >= 0)
			seen->wrong++;
		if (allowed >= 0)
			close(allowed);
		if (refused >= 0)
			close(refused);
		seen->rounds++;
	}
	return 0;
}

#define REPLACEMENTS ((int)harness_rounds(300))

Test(stress, what_both_policies_say_holds_while_one_replaces_the_other)
{
	struct observations *seen = harness_share(sizeof(struct observations));
	pid_t busy;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	busy = harness_fork();
	if (busy == 0)
		_exit(harness_enter(harness_cgroup()) ? 255 : watch_verdicts(seen));
	for (int i = 0; i < REPLACEMENTS; i++)
		harness_attach(
			harness_cgroup(),
			i % 2 ? "{'devices': {'allow': ['c 1:3 rw']}}"
			      : "{'devices': {'allow': ['c 1:* rw', 'c 5:* r'], 'deny': ['c 1:7 w']}}");
	seen->stop = true;
	waitpid(busy, NULL, 0);
	cr_expect_gt(seen->rounds, REPLACEMENTS);
	cr_expect_eq(seen->wrong, 0, "%lu of %lu", seen->wrong, seen->rounds);
}

static int replace_all_the_time(struct observations *seen)
{
	for (; !seen->stop; seen->rounds++)
		harness_attach(harness_cgroup(), seen->rounds % 2
							 ? "{'devices': {'allow': ['c 1:3 r']}}"
							 : "{'devices': {'allow': ['c 1:3 rw']}}");
	return 0;
}

/* The program that a link had a moment ago may be gone; the fence is still there. */
Test(stress, a_fence_is_found_while_its_policy_is_replaced)
{
	struct observations *seen = harness_share(sizeof(struct observations));
	const uint64_t id = cgfence_cgroup_id(harness_cgroup());
	pid_t busy;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	busy = harness_fork();
	if (busy == 0)
		_exit(replace_all_the_time(seen));
	while (seen->rounds < 5UL * (unsigned long)REPLACEMENTS) {
		struct cgfence_fence *fence = NULL;
		struct cgfence_error error = { 0 };

		cr_assert_eq(cgfence_fence_open(id, &fence, &error), 0, "%s", error.text);
		cgfence_fence_close(fence);
	}
	seen->stop = true;
	waitpid(busy, NULL, 0);
}

static bool verdicts_are(const struct cgfence_cgroup *cgroup, int read, int write)
{
	return harness_open(cgroup, "c 1:3", O_RDONLY) == read &&
	       harness_open(cgroup, "c 1:3", O_WRONLY) == write;
}

/* Kills a child that attaches, @delay_us after it began. */
static void attach_and_kill(const char *policy, long delay_us)
{
	const struct timespec delay = { .tv_nsec = delay_us * 1000 };
	pid_t child = harness_fork();

	if (child == 0) {
		harness_attach(harness_cgroup(), policy);
		_exit(0);
	}
	nanosleep(&delay, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

#define KILL_STEPS ((long)harness_rounds(120))
/* An attach takes longer where there are fewer steps to kill it at. */
#define KILL_STEP_US (50L * 120 / KILL_STEPS)

Test(stress, an_attach_that_is_killed_leaves_the_whole_fence_or_none)
{
	for (long i = 0; i < KILL_STEPS; i++) {
		bool detached;

		attach_and_kill("{'devices': {'allow': ['c 1:3 r']}}", i * KILL_STEP_US);
		cr_expect(verdicts_are(harness_cgroup(), 0, EPERM) ||
				  verdicts_are(harness_cgroup(), 0, 0),
			  "killed after %ld us", i * KILL_STEP_US);
		/* The next command works, and leaves nothing of the killed one. */
		harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 w']}}");
		cr_expect(verdicts_are(harness_cgroup(), EPERM, 0));
		cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
		cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached,
						  NULL),
			     0);
	}
}

Test(stress, a_replacement_that_is_killed_leaves_the_old_policy_or_the_new)
{
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 w']}}");
	for (long i = 0; i < KILL_STEPS; i++) {
		attach_and_kill("{'devices': {'allow': ['c 1:3 r']}}", i * KILL_STEP_US);
		cr_expect(verdicts_are(harness_cgroup(), 0, EPERM) ||
				  verdicts_are(harness_cgroup(), EPERM, 0),
			  "killed after %ld us", i * KILL_STEP_US);
		harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 w']}}");
		cr_expect(verdicts_are(harness_cgroup(), EPERM, 0));
		cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	}
}

#define COMMANDS 8
#define COMMAND_ROUNDS ((int)harness_rounds(25))

static int attach_and_detach(int number)
{
	for (int i = 0; i < COMMAND_ROUNDS; i++) {
		struct cgfence_error error = { 0 };
		bool detached;

		harness_attach(harness_cgroup(), number % 2
							 ? "{'devices': {'allow': ['c 1:3 r']}}"
							 : "{'devices': {'allow': ['c 1:3 w']}}");
		if (i % 5 == number % 5 &&
		    cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached, &error))
			return 1;
	}
	return 0;
}

Test(stress, commands_on_one_cgroup_take_turns)
{
	for (int i = 0; i < COMMANDS; i++) {
		if (harness_fork() == 0)
			_exit(attach_and_detach(i));
	}
	for (int i = 0; i < COMMANDS; i++) {
		int status;

		wait(&status);
		cr_expect_eq(status, 0);
	}
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	cr_expect(verdicts_are(harness_cgroup(), 0, 0));
}
