// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The records of refusals, and audit mode. */
#include "base/boot_time.h"
#include "support/harness.h"

#include <cgfence/denial.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(records, .init = harness_begin, .fini = harness_end);

struct snapshot {
	struct cgfence_fence *fence;
	struct cgfence_denial_record *records;
	size_t count;
};

static struct snapshot take_snapshot(const struct cgfence_cgroup *cgroup)
{
	struct snapshot snapshot = { 0 };
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &snapshot.fence, &error), 0,
		     "%s", error.text);
	cr_assert_eq(cgfence_fence_read_denials(snapshot.fence, &snapshot.records, &snapshot.count,
						&error),
		     0, "%s", error.text);
	return snapshot;
}

static void release_snapshot(struct snapshot *snapshot)
{
	cgfence_fence_close(snapshot->fence);
	free(snapshot->records);
}

static uint64_t counter(const struct snapshot *snapshot, enum cgfence_verdict verdict)
{
	return cgfence_fence_counters(snapshot->fence)->refusals[CGFENCE_HOOK_DEVICE][verdict];
}

static int open_twice(void *argument)
{
	prctl(PR_SET_NAME, "refused-one");
	for (int i = 0; i < 2; i++) {
		if (open(argument, O_RDWR | O_CLOEXEC) >= 0 || errno != EPERM)
			return 1;
	}
	return 0;
}

Test(records, a_refusal_is_recorded_with_who_what_how_often_and_when)
{
	const char *path = harness_node("c 1:3");
	uint64_t before = boot_time_ns();
	struct snapshot snapshot;
	pid_t child;
	int status;
	bool who;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	child = harness_fork();
	if (child == 0)
		_exit(harness_enter(harness_cgroup()) ? 255 : open_twice((void *)path));
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);

	snapshot = take_snapshot(harness_cgroup());
	cr_assert_eq(snapshot.count, 1);
	cr_expect_eq(snapshot.records[0].subject.hook, CGFENCE_HOOK_DEVICE);
	cr_expect_eq(snapshot.records[0].subject.verdict, CGFENCE_VERDICT_DENIED);
	cr_expect_eq(snapshot.records[0].subject.type, BPF_DEVCG_DEV_CHAR);
	cr_expect_eq(snapshot.records[0].subject.major, 1);
	cr_expect_eq(snapshot.records[0].subject.minor, 3);
	cr_expect_eq(snapshot.records[0].subject.access, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
	cr_expect_eq(snapshot.records[0].count, 2);
	who = !harness_misses(harness_cgroup(), "who");
	cr_expect_eq(snapshot.records[0].pid, who ? (uint32_t)child : 0);
	cr_expect_str_eq(snapshot.records[0].comm, who ? "refused-one" : "");
	cr_expect_geq(snapshot.records[0].first_ns, before);
	cr_expect_gt(snapshot.records[0].last_ns, snapshot.records[0].first_ns);
	cr_expect_leq(snapshot.records[0].last_ns, boot_time_ns());
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_DENIED), 2);
	release_snapshot(&snapshot);
}

Test(records, what_is_allowed_leaves_no_trace)
{
	struct snapshot snapshot;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	snapshot = take_snapshot(harness_cgroup());
	cr_expect_eq(snapshot.count, 0);
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_DENIED), 0);
	release_snapshot(&snapshot);
}

Test(records, audit_refuses_nothing_and_records_what_would_have_been)
{
	struct snapshot snapshot;

	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {'allow': ['c 1:3 r']}}");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 7:7"), 0);
	snapshot = take_snapshot(harness_cgroup());
	cr_assert_eq(snapshot.count, 2);
	cr_expect_eq(snapshot.records[0].subject.verdict, CGFENCE_VERDICT_AUDITED);
	cr_expect_eq(snapshot.records[1].subject.type, BPF_DEVCG_DEV_BLOCK);
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_AUDITED), 2);
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_DENIED), 0);
	release_snapshot(&snapshot);
}

Test(records, two_readers_both_see_them_all_and_a_new_policy_keeps_them)
{
	struct snapshot first;
	struct snapshot second;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	first = take_snapshot(harness_cgroup());
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:5 r']}}");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	second = take_snapshot(harness_cgroup());
	cr_assert_eq(first.count, 1);
	cr_assert_eq(second.count, 1);
	cr_expect_eq(first.records[0].count, 1);
	cr_expect_eq(second.records[0].count, 2);
	cr_expect_eq(second.records[0].first_ns, first.records[0].first_ns);
	cr_expect_eq(counter(&second, CGFENCE_VERDICT_DENIED), 2);
	release_snapshot(&first);
	release_snapshot(&second);
}

#define SUBJECT_COUNT 5000

static int make_many_nodes(void *argument)
{
	char path[128];

	for (unsigned int i = 0; i < SUBJECT_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/many", (const char *)argument);
		if (mknod(path, S_IFCHR | 0600, makedev(300, i)) == 0 || errno != EPERM)
			return 1;
	}
	return 0;
}

/* More refusals than the map holds: it stays bounded, keeps the newest, counts all, and tells how many it gave up. */
Test(records, a_flood_of_different_refusals_is_counted_and_bounded)
{
	const size_t room = cgfence_denial_share(CGFENCE_HOOK_DEVICE).count * CGFENCE_DENIAL_WAYS;
	struct snapshot snapshot;
	uint64_t recorded = 0;
	bool newest = false;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), make_many_nodes,
				       (void *)harness_directory()),
		     0);
	snapshot = take_snapshot(harness_cgroup());
	cr_expect_leq(snapshot.count, room);
	cr_expect_gt(snapshot.count, room / 2);
	for (size_t i = 0; i < snapshot.count; i++) {
		recorded += snapshot.records[i].count;
		newest = newest || snapshot.records[i].subject.minor == SUBJECT_COUNT - 1;
	}
	cr_expect(newest);
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_DENIED), SUBJECT_COUNT);
	cr_expect_eq(recorded + cgfence_fence_counters(snapshot.fence)->evicted, SUBJECT_COUNT);
	release_snapshot(&snapshot);
}

#define RACERS 4
#define RACER_OPENS ((int)harness_rounds(20000))

static int open_many_times(void *argument)
{
	for (int i = 0; i < RACER_OPENS; i++) {
		if (open(argument, O_RDONLY | O_CLOEXEC) >= 0)
			return 1;
	}
	return 0;
}

Test(records, refusals_on_all_processors_at_once_are_all_counted)
{
	const char *path = harness_node("c 1:3");
	struct snapshot snapshot;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	for (int i = 0; i < RACERS; i++) {
		if (harness_fork() == 0)
			_exit(harness_enter(harness_cgroup()) ? 255
							      : open_many_times((void *)path));
	}
	for (int i = 0; i < RACERS; i++) {
		int status;

		wait(&status);
		cr_expect_eq(status, 0);
	}
	snapshot = take_snapshot(harness_cgroup());
	cr_assert_eq(snapshot.count, 1);
	cr_expect_eq(snapshot.records[0].count, RACERS * RACER_OPENS);
	cr_expect_eq(counter(&snapshot, CGFENCE_VERDICT_DENIED), RACERS * RACER_OPENS);
	release_snapshot(&snapshot);
}
