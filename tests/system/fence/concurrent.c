// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Many processes change the fences of few cgroups at once, and some of the cgroups are removed and made again
 * meanwhile. No process waits for ever, none fails except for a missing cgroup or fence, and the last command decides
 * the final state. CGFENCE_CONCURRENCY_SECONDS sets the duration; then the figures are printed.
 */
#include "concurrent_work.h"
#include "kernel_objects.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

TestSuite(concurrent, .init = harness_begin, .fini = harness_end, .timeout = 600);

#define SECONDS 4

static bool grants(const struct cgfence_policy *policy, unsigned int process)
{
	const struct cgfence_device_request request = {
		.type = BPF_DEVCG_DEV_CHAR,
		.major = 200,
		.minor = process,
		.access = BPF_DEVCG_ACC_READ,
	};
	struct cgfence_explanation explanation = { 0 };

	cr_assert_eq(cgfence_policy_explain_device(policy, &request, &explanation, NULL), 0);
	return explanation.allowed;
}

static bool same_text(const struct cgfence_policy *policy, unsigned int process,
		      unsigned int number)
{
	struct cgfence_policy *other = concurrent_policy(process, number);
	char *text = NULL;
	char *other_text = NULL;
	bool same;

	cr_assert_eq(cgfence_policy_format(policy, &text, NULL), 0);
	cr_assert_eq(cgfence_policy_format(other, &other_text, NULL), 0);
	same = strcmp(text, other_text) == 0;
	free(text);
	free(other_text);
	cgfence_policy_free(other);
	return same;
}

/* Is the state the one that this command would leave? @policy is NULL if there is no fence. */
static bool may_have_been_last(const struct concurrent_command *command, unsigned int process,
			       const struct cgfence_policy *policy)
{
	switch (command->kind) {
	case ATTACH:
		return policy && same_text(policy, process, command->number);
	case ALLOW:
		return policy && grants(policy, process);
	case REVOKE:
		return policy && !grants(policy, process);
	default:
		return !policy;
	}
}

static bool state_is_explained(const struct concurrent_command commands[CONCURRENT_PROCESSES],
			       const struct cgfence_policy *policy)
{
	double last_begin = 0;

	for (int i = 0; i < CONCURRENT_PROCESSES; i++) {
		if (commands[i].kind != NOTHING && commands[i].begin > last_begin)
			last_begin = commands[i].begin;
	}
	/* A command that ended before another began was not the last one. */
	for (unsigned int i = 0; i < CONCURRENT_PROCESSES; i++) {
		if (commands[i].kind != NOTHING && commands[i].end >= last_begin &&
		    may_have_been_last(&commands[i], i, policy))
			return true;
	}
	return !policy && last_begin == 0;
}

static void expect_last_state(const struct concurrent_board *board, int index)
{
	struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	char name[128];
	int code;

	concurrent_name(name, index);
	cr_assert_eq(cgfence_cgroup_open(name, &cgroup, &error), 0, "%s", error.text);
	code = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error);
	cr_expect(code == 0 || code == -ENOENT, "%s", error.text);
	cr_expect(state_is_explained(board->last[index],
				     fence ? cgfence_fence_policy(fence) : NULL),
		  "%s is in a state that no last command explains", name);
	cgfence_fence_close(fence);
	cgfence_cgroup_close(cgroup);
}

static void start(struct concurrent_board *board,
		  int (*function)(struct concurrent_board *board, unsigned int process),
		  pid_t children[CONCURRENT_PROCESSES])
{
	for (unsigned int i = 0; i < CONCURRENT_PROCESSES; i++) {
		children[i] = harness_fork();
		if (children[i] == 0)
			_exit(function(board, i));
	}
}

static void expect_no_failure(const struct concurrent_board *board)
{
	for (int i = 0; i < CONCURRENT_PROCESSES; i++)
		cr_expect_str_empty(board->failures[i], "%s", board->failures[i]);
}

static void add_up(const struct concurrent_board *board, unsigned long sums[KIND_COUNT])
{
	memset(sums, 0, KIND_COUNT * sizeof(*sums));
	for (int i = 0; i < CONCURRENT_PROCESSES; i++) {
		for (int kind = 0; kind < KIND_COUNT; kind++)
			sums[kind] += board->counts[i][kind];
	}
}

/* However slow the machine: each command must have come at least once. */
static void await_variety(const struct concurrent_board *board)
{
	unsigned long sums[KIND_COUNT];

	do {
		usleep(1000);
		add_up(board, sums);
	} while (!sums[ATTACH] || !sums[DETACH] || !sums[REMOVE]);
}

static void print_figures(const struct concurrent_board *board, double seconds)
{
	unsigned long sums[KIND_COUNT];
	unsigned long missing = 0;

	add_up(board, sums);
	for (int i = 0; i < CONCURRENT_PROCESSES; i++)
		missing += board->missing[i];
	if (getenv("CGFENCE_CONCURRENCY_SECONDS"))
		fprintf(stderr,
			"concurrent: %.0f s; %lu attached, %lu allowed, %lu revoked, %lu detached, "
			"%lu shown, %lu without cgroup or fence; %lu cgroups removed and made again\n",
			seconds, sums[ATTACH], sums[ALLOW], sums[REVOKE], sums[DETACH], sums[SHOW],
			missing, sums[REMOVE]);
}

static struct cgfence_cgroup *open_shared(int index)
{
	struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	char name[128];

	concurrent_name(name, index);
	cr_assert_eq(cgfence_cgroup_open(name, &cgroup, &error), 0, "%s", error.text);
	return cgroup;
}

/* No edit is lost. */
static void expect_all_allowed(int index)
{
	struct cgfence_cgroup *cgroup = open_shared(index);
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	unsigned int generation = 1;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	for (unsigned int i = (unsigned int)index; i < CONCURRENT_WORKERS; i += CONCURRENT_KEPT) {
		cr_expect(grants(cgfence_fence_policy(fence), i), "the edit of %u is lost", i);
		generation++;
	}
	cr_expect_eq(cgfence_fence_generation(fence), generation);
	cgfence_fence_close(fence);
	cgfence_cgroup_close(cgroup);
}

static void expect_nothing_left(int index)
{
	struct cgfence_cgroup *cgroup = open_shared(index);
	uint64_t id = cgfence_cgroup_id(cgroup);
	struct kernel_objects left;
	bool detached;

	cr_expect_eq(cgfence_fence_detach(id, &detached, NULL), 0);
	left = kernel_objects_settle(id);
	cr_expect_eq(left.programs, 0);
	cr_expect_eq(left.policies, 0);
	cr_expect_eq(left.links, 0);
	cgfence_cgroup_close(cgroup);
}

/* Pins of removed cgroups are swept. */
static void expect_no_pins(void)
{
	DIR *directory = opendir("/sys/fs/bpf/cgfence");
	struct dirent *entry;

	cr_assert_neq(directory, NULL);
	while ((entry = readdir(directory)))
		cr_expect_eq(strspn(entry->d_name, "0123456789"), 0, "%s is left", entry->d_name);
	closedir(directory);
}

static struct concurrent_board *new_board(void)
{
	struct concurrent_board *board = harness_share(sizeof(*board));

	for (int i = 0; i < CONCURRENT_CGROUPS; i++)
		cr_assert_eq(concurrent_make(i), 0);
	return board;
}

Test(concurrent, commands_at_once_fail_for_nothing_and_the_last_one_counts)
{
	const char *wanted = getenv("CGFENCE_CONCURRENCY_SECONDS");
	double seconds = wanted ? strtod(wanted, NULL) : SECONDS;
	struct concurrent_board *board = new_board();
	pid_t children[CONCURRENT_PROCESSES];

	start(board, concurrent_work, children);
	while (board->ready < CONCURRENT_PROCESSES)
		usleep(1000);
	usleep((useconds_t)(seconds * 1e6));
	await_variety(board);
	board->stop = true;
	cr_expect_eq(concurrent_wait(children), 0, "a process waits for ever");
	expect_no_failure(board);
	print_figures(board, seconds);
	for (int i = 0; i < CONCURRENT_CGROUPS; i++)
		expect_last_state(board, i);
	for (int i = 0; i < CONCURRENT_CGROUPS; i++)
		expect_nothing_left(i);
	cgfence_fence_sweep();
	expect_no_pins();
}

static int attach_first(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	struct cgfence_policy *policy = concurrent_policy(0, 1);
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(cgroup, policy, 0, &result, error);

	cgfence_policy_free(policy);
	return code;
}

Test(concurrent, no_edit_of_many_at_once_is_lost)
{
	struct concurrent_board *board = new_board();
	struct cgfence_error error = { 0 };
	pid_t children[CONCURRENT_PROCESSES];

	for (int i = 0; i < CONCURRENT_KEPT; i++) {
		struct cgfence_cgroup *cgroup = open_shared(i);

		cr_assert_eq(attach_first(cgroup, &error), 0, "%s", error.text);
		cgfence_cgroup_close(cgroup);
	}
	start(board, concurrent_allow_once, children);
	cr_expect_eq(concurrent_wait(children), 0, "a process waits for ever");
	expect_no_failure(board);
	for (int i = 0; i < CONCURRENT_KEPT; i++)
		expect_all_allowed(i);
}
