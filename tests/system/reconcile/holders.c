// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The iterator and /proc give the same answer on processes that share and pass descriptors in every way. */
#include "holding.h"
#include "wanted.h"
#include "cgroup/kill.h"
#include "reconcile/observe.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(reconcile_holders, .init = holding_begin, .fini = holding_end);

static bool is_on_board(uint32_t inode)
{
	uint32_t i = 0;

	while (i < holding_board->count && holding_board->inodes[i] != inode)
		i++;
	return i < holding_board->count;
}

static int compare_holders(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->cgroup_id < b->cgroup_id ? -1 : a->cgroup_id > b->cgroup_id;
}

/* Sorted, each (inode, pid, cgroup) once, and only of the sockets on the board. */
static void make_set(struct holders *holders)
{
	size_t kept = 0;

	if (holders->count)
		qsort(holders->items, holders->count, sizeof(*holders->items), compare_holders);
	for (size_t i = 0; i < holders->count; i++) {
		const struct cgfence_holder *holder = &holders->items[i];

		if (!is_on_board(holder->inode) ||
		    (kept && compare_holders(&holders->items[kept - 1], holder) == 0))
			continue;
		holders->items[kept++] = *holder;
	}
	holders->count = kept;
}

static void walk(const struct cgfence_cgroup *cgroup, struct holders *holders)
{
	struct wanted_socket wanted[WANTED_MAX] = { 0 };
	size_t count = wanted_list(wanted);
	struct cgfence_error error = { 0 };

	cr_assert_eq(holders_walk(cgroup, wanted, count, holders, &error), 0, "%s", error.text);
	make_set(holders);
}

static void iterate(const struct cgfence_cgroup *cgroup, struct holders *holders)
{
	const uint64_t id = cgfence_cgroup_id(cgroup);
	struct holders_iterator *iterator = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(holders_iterator_new(&iterator, &error), 0, "%s", error.text);
	cr_assert_eq(holders_iterator_run(iterator, &id, 1, holders, NULL, &error), 0, "%s",
		     error.text);
	for (size_t i = 0; i < holders->count; i++)
		cr_expect_eq(holders->items[i].fence_id, id);
	holders_iterator_free(iterator);
	make_set(holders);
}

static void print(const char *name, const struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++)
		fprintf(stderr, "%s: inode %u pid %u thread %u fd %u cgroup %llu '%.16s'\n", name,
			holders->items[i].inode, holders->items[i].pid, holders->items[i].thread,
			holders->items[i].fd, (unsigned long long)holders->items[i].cgroup_id,
			holders->items[i].comm);
}

/* @count: of the existing holders */
static void expect_same(const struct cgfence_cgroup *cgroup, size_t count)
{
	struct holders walked = { 0 };
	struct holders iterated = { 0 };
	bool same;

	walk(cgroup, &walked);
	iterate(cgroup, &iterated);
	same = walked.count == iterated.count;
	for (size_t i = 0; i < walked.count && same; i++)
		same = compare_holders(&walked.items[i], &iterated.items[i]) == 0;
	cr_expect(same, "they differ");
	cr_expect_eq(walked.count, count, "by /proc %zu, not %zu", walked.count, count);
	cr_expect_eq(iterated.count, count, "by the iterator %zu, not %zu", iterated.count, count);
	if (!same || walked.count != count) {
		print("/proc", &walked);
		print("iterator", &iterated);
	}
	holders_free(&walked);
	holders_free(&iterated);
}

static const char *const two[] = { "tcp 127.0.0.1 9 reuseport", "udp ::1 9 reuseport", NULL };

static int hold_two(void *argument)
{
	(void)argument;
	return holding_listen_all((void *)two);
}

static int fork_holders(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid > 0)
			continue;
		holding_limit();
		holding_wait();
	}
	return 0;
}

static int hold_and_fork(void *argument)
{
	int code = holding_listen_all((void *)two);

	return code ? code : fork_holders(*(int *)argument);
}

/* Sockets that look like listeners and are none, and many descriptors of other kinds. */
static int hold_with_many_others(void *argument)
{
	int pair[2];

	for (int i = 0; i < 200; i++) {
		if (eventfd(0, EFD_CLOEXEC) < 0 || open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ||
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return 1;
	}
	return hold_two(argument);
}

static void *wait_for_ever(void *argument)
{
	holding_wait();
	return argument;
}

static void *own_table(void *argument)
{
	pthread_barrier_t *barrier = argument;

	if ((holding_can_ask_threads() && unshare(CLONE_FILES) < 0) ||
	    holding_listen("tcp 127.0.0.2 9 reuseport") < 0)
		_exit(1);
	pthread_barrier_wait(barrier);
	return wait_for_ever(NULL);
}

/* Threads that share the descriptors of their leader, and one that does not. */
static int hold_with_threads(void *argument)
{
	static pthread_barrier_t barrier; /* its thread may leave it later than this function */
	int code = hold_two(argument);

	pthread_barrier_init(&barrier, NULL, 2);
	for (int i = 0; i < 4 && code == 0; i++)
		code = holding_start_thread(wait_for_ever, NULL);
	if (code == 0)
		code = holding_start_thread(own_table, &barrier);
	if (code == 0)
		pthread_barrier_wait(&barrier);
	return code;
}

static int hold_without_leader(void *argument)
{
	int code = hold_two(argument);

	for (int i = 0; i < 2 && code == 0; i++)
		code = holding_start_thread(wait_for_ever, NULL);
	if (code == 0 && holding_can_ask_threads())
		code = holding_lose_leader();
	return code;
}

static int wait_in_clone(void *argument)
{
	holding_limit();
	if (harness_enter(argument))
		_exit(1);
	holding_ready(0);
	holding_wait();
}

/* Two processes, in two cgroups, with one table of descriptors. */
static int hold_with_shared_table(void *cgroup)
{
	static char stack[64 * 1024];
	int code = hold_two(NULL);

	if (code)
		return code;
	if (clone(wait_in_clone, stack + sizeof(stack), CLONE_FILES | SIGCHLD, cgroup) < 0)
		return 1;
	holding_wait();
}

Test(reconcile_holders, each_kind_of_process)
{
	static int children = 9;
	static const struct {
		int (*function)(void *argument);
		size_t count;
	} cases[] = {
		{ hold_two, 2 },
		{ hold_and_fork, 20 },
		{ hold_with_many_others, 2 },
		/* Threads that share the descriptors are their process, and one that does not is too. */
		{ hold_with_threads, 3 },
		{ hold_without_leader, 2 },
	};

	holding_skip_without_iterator();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		holding_board->count = 0;
		holding_start(sockets_fence(), cases[i].function, &children);
		expect_same(sockets_fence(), cases[i].count);
		cgroup_kill(sockets_fence(), CGROUP_KILL_MS, NULL);
	}
}

Test(reconcile_holders, processes_that_share_descriptors)
{
	struct cgfence_cgroup *below = harness_child_cgroup(sockets_fence(), "below");

	holding_skip_without_iterator();
	holding_start(sockets_fence(), hold_with_shared_table, below);
	expect_same(sockets_fence(), 4);
	expect_same(below, 2);
	holding_board->count = 0;
	holding_start(below, hold_with_shared_table, below);
	expect_same(below, 4);
}

/* All of the above at once, at several depths; how many holders that makes. */
static size_t start_all(struct cgfence_cgroup *top)
{
	struct cgfence_cgroup *middle = harness_child_cgroup(top, "middle");
	struct cgfence_cgroup *bottom = harness_child_cgroup(middle, "bottom");
	int children = 5;

	holding_start(top, hold_two, NULL);
	holding_start(middle, hold_and_fork, &children);
	holding_start(bottom, hold_with_many_others, NULL);
	holding_start(bottom, hold_with_threads, NULL);
	holding_start(middle, hold_without_leader, NULL);
	holding_start(top, hold_with_shared_table, bottom);
	return 2 + 2 + 10 + 2 + 3 + 2 + 4;
}

Test(reconcile_holders, those_outside_are_left_out)
{
	struct cgfence_cgroup *beside = harness_child_cgroup(harness_cgroup(), "fence-too");

	holding_skip_without_iterator();
	holding_start(beside, hold_two, NULL);
	start_all(sockets_fence());
	expect_same(beside, 2);
	expect_same(sockets_fence(), 25);
	expect_same(harness_cgroup(), 27);
}

static int come_and_go(void *argument)
{
	(void)argument;
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (pid > 0)
			continue;
		holding_limit();
		for (;;) {
			int fd = endpoint_open("tcp 127.0.0.3 9 reuseport");
			pid_t child;

			listen(fd, 8);
			child = fork();
			if (child == 0)
				_exit(0);
			close(fd);
			waitpid(child, NULL, 0);
		}
	}
	return 0;
}

/* A descriptor or a process that vanishes meanwhile costs only itself. */
Test(reconcile_holders, those_that_stay_are_found_while_others_come_and_go)
{
	unsigned int rounds = harness_rounds(30);
	size_t count;

	holding_skip_without_iterator();
	count = start_all(sockets_fence());
	holding_start(sockets_fence(), come_and_go, NULL);
	for (unsigned int i = 0; i < rounds; i++)
		expect_same(sockets_fence(), count);
}

static int hold_with_thread_below(void *cgroup)
{
	int code = hold_two(NULL);

	return code ? code : holding_enter_with_thread(cgroup);
}

/* The sightings as "FENCE:INODE:PID", fences by their index. */
static void observe_text(struct holders_iterator *iterator, char *text, size_t size)
{
	const struct observation_scope scope = { .iterator = iterator };
	struct observation observation;
	struct cgfence_error error = { 0 };
	size_t length = 0;

	text[0] = '\0';
	cr_assert_eq(observe(&scope, &observation, &error), 0, "%s", error.text);
	for (uint32_t i = 0; i < holding_board->count; i++) {
		for (size_t j = 0; j < observation.sighting_count && length < size; j++) {
			const struct sighting *sighting = &observation.sightings[j];

			if (observation.listeners.items[sighting->listener].inode !=
			    holding_board->inodes[i])
				continue;
			length += (size_t)snprintf(
				text + length, size - length, " %zu:%u:%u", sighting->fence, i,
				sighting->holder == SIGHTING_NO_HOLDER
					? 0
					: observation.holders.items[sighting->holder].pid);
		}
	}
	observation_free(&observation);
}

static void expect_same_sightings(const char *expected)
{
	struct holders_iterator *iterator = NULL;
	char by_iterator[4096];
	char by_proc[4096];

	cr_assert_eq(holders_iterator_new(&iterator, NULL), 0);
	observe_text(iterator, by_iterator, sizeof(by_iterator));
	observe_text(NULL, by_proc, sizeof(by_proc));
	cr_expect_str_eq(by_iterator, by_proc, "\n  %s\n  %s", by_iterator, by_proc);
	if (expected)
		cr_expect_str_eq(by_proc, expected, "\n  %s\n  %s", by_proc, expected);
	holders_iterator_free(iterator);
}

Test(reconcile_holders, fences_in_fences_see_the_same_by_both)
{
	holding_skip_without_iterator();
	start_all(sockets_fence());
	holding_start(harness_cgroup(), hold_two, NULL);
	harness_attach(harness_cgroup(), "{'ports': [8080]}");
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	expect_same_sightings(NULL);
}

/* The thread's descriptors are those of its leader, who is in the fence above. */
Test(reconcile_holders, a_threaded_fence_in_a_fence_sees_the_same_by_both)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(sockets_fence(), "threaded");
	char expected[128];
	pid_t pid;

	holding_make_threaded(threaded);
	holding_skip_without_iterator();
	pid = holding_start(sockets_fence(), hold_with_thread_below, threaded);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	harness_attach(threaded, "{'ports': [8080]}");
	snprintf(expected, sizeof(expected), " 0:0:%d 1:0:%d 0:1:%d 1:1:%d", pid, pid, pid, pid);
	expect_same_sightings(expected);
}

/* More than it has room for at first. */
#define MANY_FENCES 5000

/* Nobody blinds it by making members of a standing fence. */
Test(reconcile_holders, the_iterator_has_room_for_any_number_of_fences)
{
	static uint64_t ids[MANY_FENCES];
	struct holders_iterator *iterator = NULL;
	struct cgfence_error error = { 0 };
	struct holders holders = { 0 };
	size_t few;

	holding_skip_without_iterator();
	holding_start(sockets_fence(), hold_two, NULL);
	for (size_t i = 0; i < MANY_FENCES; i++)
		ids[i] = cgfence_cgroup_id(sockets_fence()) + ((uint64_t)i << 40);
	cr_assert_eq(holders_iterator_new(&iterator, NULL), 0);
	cr_assert_eq(holders_iterator_run(iterator, ids, 1, &holders, NULL, NULL), 0);
	few = holders.count;
	cr_expect_gt(few, 0);
	for (int i = 0; i < 2; i++) {
		holders.count = 0;
		cr_expect_eq(holders_iterator_run(iterator, ids, MANY_FENCES, &holders, NULL,
						  &error),
			     0, "%s", error.text);
		cr_expect_eq(holders.count, few);
	}
	holders_iterator_free(iterator);
	holders_free(&holders);
}
