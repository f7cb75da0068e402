// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Commands about a standing fence that are killed at each call that may change what outlives them, or whose calls fail:
 * a member that was there and one made after it are both under the old policy or both under the new one, and detaching
 * leaves nothing.
 */
#include "runner.h"
#include "kernel/member_host.h"
#include "support/harness.h"

#include <cgfence/standing.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(faults_standing, .init = harness_begin, .fini = harness_end, .timeout = 3600);

/* What of /dev/zero and /dev/full may be read. */
#define OLD "{\"except\": [\"other-*\"], \"devices\": {\"allow\": [\"c 1:3 rw\", \"c 1:5 r\"]}}"
#define NEW "{\"except\": [\"job-x\"], \"devices\": {\"allow\": [\"c 1:3 rw\", \"c 1:7 r\"]}}"

static char pattern[256];
static char neighbour
	[256]; /* of another fence on the same anchor, which lasts; empty if there is none */
static char old_path[RUNNER_PATH_SIZE];
static char new_path[RUNNER_PATH_SIZE];
static struct cgfence_cgroup *before;

static void set_up(void)
{
	runner_write_policy(old_path, "old.json", OLD);
	runner_write_policy(new_path, "new.json", NEW);
	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	before = harness_child_cgroup(harness_cgroup(), "job-before");
}

/* As a word: 'o' old, 'n' new, '-' neither is in force, '?' anything else. */
static char verdict(const struct cgfence_cgroup *cgroup)
{
	bool zero = harness_open(cgroup, "c 1:5", O_RDONLY) == 0;
	bool full = harness_open(cgroup, "c 1:7", O_RDONLY) == 0;

	return zero && full ? '-' : zero ? 'o' : full ? 'n' : '?';
}

static char verdict_of_new(const char *name)
{
	struct cgfence_cgroup *made = NULL;
	struct cgfence_error error = { 0 };
	char found;

	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), name, &made, &error), 0, "%s",
		     error.text);
	found = verdict(made);
	cgfence_cgroup_remove(made, NULL);
	cgfence_cgroup_close(made);
	return found;
}

static char verdict_of_new_member(void)
{
	return verdict_of_new("job-after");
}

static void attach_to(const char *where, const char *path)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();

	runner_run((const char *const[]){ "attach", where, path, NULL }, &options, &result);
	cr_assert_eq(result.status, 0, "%s", result.errors);
}

static void attach(const char *path)
{
	attach_to(pattern, path);
}

static void set_up_neighbour(void)
{
	snprintf(neighbour, sizeof(neighbour), "%s/near-*", cgfence_cgroup_path(harness_cgroup()));
	attach_to(neighbour, old_path);
}

static void check_neighbour(const char *fault)
{
	if (*neighbour)
		cr_expect_eq(verdict_of_new("near-after"), 'o', "the other fence after %s", fault);
}

static size_t count_pins(void)
{
	DIR *directory = opendir("/sys/fs/bpf/cgfence");
	struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory)))
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	if (directory)
		closedir(directory);
	return count;
}

static void detach_from(const char *where)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();

	runner_run((const char *const[]){ "detach", where, NULL }, &options, &result);
	cr_assert_eq(result.status, 0, "%s", result.errors);
}

/* The programs that see cgroups made go with the last fence, and no place is left to one that is gone. */
static void check_host(size_t fences)
{
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;
	size_t places = 0;

	cr_expect_eq(member_host_enter(&host, false, NULL) == 0, fences != 0);
	for (size_t i = 0; fences && i < CGFENCE_PLACES; i++)
		places += host.places.places[i].fence_id != 0;
	cr_expect_eq(places, fences, "%zu places", places);
	cr_expect_eq(access(MEMBER_PROGRAMS_DIRECTORY, F_OK) == 0, fences != 0);
}

static void detach(void)
{
	size_t others = *neighbour ? 1 : 0;

	detach_from(pattern);
	cr_expect_eq(count_pins(), others);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), others);
	cr_expect_eq(verdict(before), '-');
	check_host(others);
}

/* The state is one of two, for both members, and the next command works whatever it was. */
static void check(const char *allowed, const char *fault)
{
	char of_old = verdict(before);
	char of_new = verdict_of_new_member();

	cr_expect(strchr(allowed, of_old), "%s: %c", fault, of_old);
	cr_expect_eq(of_old, of_new, "%s: %c and %c", fault, of_old, of_new);
	check_neighbour(fault);
}

/* After set_up(). */
static void strike_prepared(const char *const *words, const char *from, const char *allowed,
			    enum tracer_fault fault)
{
	static struct tracer_result result;
	struct tracer_options options = runner_options();
	unsigned int faults = 0;

	options.scope = fault == TRACER_KILL ? TRACER_CHANGES : TRACER_BPF_CHANGES;
	options.fault = fault;
	options.code = ENOMEM;
	do {
		if (from)
			attach(from);
		runner_run(words, &options, &result);
		if (result.struck) {
			check(allowed, result.call);
			faults++;
		}
		options.index++;
		attach(old_path);
		cr_expect_eq(verdict(before), 'o', "after %s", result.call);
		cr_expect_eq(verdict_of_new_member(), 'o', "after %s", result.call);
		detach();
	} while (result.struck);
	cr_expect_gt(faults, 3);
}

static void strike(const char *const *words, const char *from, const char *allowed,
		   enum tracer_fault fault)
{
	set_up();
	strike_prepared(words, from, allowed, fault);
}

static void strike_beside(const char *const *words, const char *from, const char *allowed,
			  enum tracer_fault fault)
{
	set_up();
	set_up_neighbour();
	strike_prepared(words, from, allowed, fault);
	detach_from(neighbour);
	check_host(0);
}

#define ATTACH                                    \
	(const char *const[])                     \
	{                                         \
		"attach", pattern, new_path, NULL \
	}
#define DETACH                          \
	(const char *const[])           \
	{                               \
		"detach", pattern, NULL \
	}

Test(faults_standing, attach_killed)
{
	strike(ATTACH, NULL, "-n", TRACER_KILL);
}

Test(faults_standing, attach_with_errors)
{
	strike(ATTACH, NULL, "-n", TRACER_ERROR);
}

/* Exceptions change too, so what decides membership is made anew. Members of the other fence go on being members. */
Test(faults_standing, replace_killed)
{
	strike_beside(ATTACH, old_path, "on", TRACER_KILL);
}

Test(faults_standing, replace_with_errors)
{
	strike_beside(ATTACH, old_path, "on", TRACER_ERROR);
}

Test(faults_standing, detach_killed)
{
	strike(DETACH, old_path, "o-", TRACER_KILL);
}

Test(faults_standing, detach_killed_beside_another)
{
	strike_beside(DETACH, old_path, "o-", TRACER_KILL);
}

static struct cgfence_cgroup *passing;

static void make_or_remove(void)
{
	if (!passing) {
		cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "job-passing", &passing, NULL),
			     0);
		return;
	}
	cgfence_cgroup_remove(passing, NULL);
	cgfence_cgroup_close(passing);
	passing = NULL;
}

static size_t count_members(void)
{
	struct cgfence_fence *fence = NULL;
	uint64_t *members = NULL;
	uint64_t id = 0;
	size_t count = 0;

	cr_assert_eq(cgfence_standing_find(pattern, &id, NULL), 0);
	cr_assert_eq(cgfence_fence_open(id, &fence, NULL), 0);
	cr_assert_eq(cgfence_fence_read_members(fence, &members, &count, NULL), 0);
	free(members);
	cgfence_fence_close(fence);
	return count;
}

/* Its membership is new at an attach, and at a replacement that has other exceptions. */
static void pass_by(const char *path, bool at_odd_calls)
{
	static struct tracer_result result;
	struct tracer_options options = runner_options();

	options.scope = TRACER_BPF;
	options.at_call = make_or_remove;
	if (at_odd_calls)
		make_or_remove();
	runner_run((const char *const[]){ "attach", pattern, path, NULL }, &options, &result);
	cr_assert_eq(result.status, 0, "%s", result.errors);
	if (passing)
		make_or_remove();
	cr_expect_eq(count_members(), 1, "%s: %zu members", path, count_members());
}

Test(faults_standing, what_comes_and_goes_between_two_calls_does_not_stay_a_member)
{
	set_up();
	for (int odd = 0; odd < 2; odd++) {
		pass_by(old_path, odd);
		pass_by(new_path, odd);
		detach();
	}
}

/* Its first anchor is removed, and the members of the next one decide. */
static void begin_without_anchor(void)
{
	struct cgfence_cgroup *slice = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "slice", &slice, &error), 0, "%s",
		     error.text);
	attach(old_path);
	cr_assert_eq(cgfence_cgroup_remove(slice, &error), 0, "%s", error.text);
	cgfence_cgroup_close(slice);
}

static char verdict_in_new_slice(void)
{
	struct cgfence_cgroup *slice = NULL;
	struct cgfence_cgroup *made = NULL;
	char found;

	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "slice", &slice, NULL), 0);
	cr_assert_eq(cgfence_cgroup_create(slice, "job-1", &made, NULL), 0);
	found = verdict(made);
	cgfence_cgroup_remove(made, NULL);
	cgfence_cgroup_remove(slice, NULL);
	cgfence_cgroup_close(made);
	cgfence_cgroup_close(slice);
	return found;
}

static void strike_without_anchor(enum tracer_fault fault)
{
	static struct tracer_result result;
	struct tracer_options options = runner_options();
	unsigned int faults = 0;

	set_up();
	snprintf(pattern, sizeof(pattern), "%s/slice/job-*", cgfence_cgroup_path(harness_cgroup()));
	options.scope = fault == TRACER_KILL ? TRACER_CHANGES : TRACER_BPF_CHANGES;
	options.fault = fault;
	options.code = ENOMEM;
	do {
		static struct tracer_result next;
		const struct tracer_options none = runner_options();

		begin_without_anchor();
		runner_run((const char *const[]){ "status", NULL }, &options, &result);
		faults += result.struck;
		options.index++;
		/* Whatever it left, the next command completes. */
		runner_run((const char *const[]){ "status", NULL }, &none, &next);
		cr_expect_eq(next.status, 0, "after %s: %s", result.call, next.errors);
		cr_expect_eq(verdict_in_new_slice(), 'o', "after %s", result.call);
		cr_expect_leq(harness_hook_programs(harness_cgroup()), 1, "after %s", result.call);
		detach();
	} while (result.struck);
	cr_expect_gt(faults, 3);
}

Test(faults_standing, another_anchor_killed)
{
	strike_without_anchor(TRACER_KILL);
}

Test(faults_standing, another_anchor_with_errors)
{
	strike_without_anchor(TRACER_ERROR);
}
