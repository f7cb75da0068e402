// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What watch does with programs that come back, in this process. */
#include "fence/mark.h"
#include "support/whitelist.h"
#include "system/standing/standing.h"

#include <cgfence/adopt.h>
#include <cgfence/watch.h>
#include <cgfence/yield.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(adopt_returns, .init = harness_begin, .fini = standing_end);

#define ADOPTING \
	"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}"

/* It is due again only after a second and more. */
#define SOON_NS (900 * 1000 * 1000ULL)

struct told {
	unsigned int taken;
	unsigned int left;
	char reason[512];
};

static void note(const struct cgfence_return *found, void *context)
{
	struct told *told = context;

	cr_expect_gt(found->count, 0);
	if (found->taken)
		told->taken++;
	else
		told->left++;
	snprintf(told->reason, sizeof(told->reason), "%s", found->reason);
}

static struct cgfence_adopter *open_adopter(void)
{
	struct cgfence_adopter *adopter = NULL;

	cr_assert_eq(cgfence_adopter_open(&adopter, NULL), 0);
	return adopter;
}

/* All that is due at once after a look. */
static void look(struct cgfence_adopter *adopter, struct told *told)
{
	uint64_t wait_ns;

	cgfence_adopter_look(adopter);
	do {
		/* It rests after a look, for some times as long. */
		wait_ns = cgfence_adopter_wait_ns(adopter);
		if (wait_ns && wait_ns < SOON_NS)
			poll(NULL, 0, (int)(wait_ns / 1000000) + 1);
		if (wait_ns < SOON_NS)
			cgfence_adopter_work(adopter, note, told);
	} while (wait_ns < SOON_NS);
}

Test(adopt_returns, without_adopt_nothing_is_touched)
{
	struct cgfence_adopter *adopter = open_adopter();
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct whitelist programs[] = { whitelist_put(harness_cgroup()), whitelist_put(member) };
	struct told told = { 0 };

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 rw']}}");
	look(adopter, &told);
	cr_expect_eq(told.taken + told.left, 0);
	cr_expect_eq(whitelist_query(member).count, 1);
	/* And nobody tells it of programs. */
	cr_expect_eq(cgfence_adopter_wait_ns(adopter), UINT64_MAX);
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
	cgfence_adopter_close(adopter);
}

Test(adopt_returns, it_is_told_of_a_program_that_is_loaded)
{
	struct cgfence_adopter *adopter = open_adopter();
	struct pollfd readable = { .fd = cgfence_adopter_fd(adopter), .events = POLLIN };
	struct whitelist whitelist;
	struct told told = { 0 };

	harness_attach(harness_cgroup(), ADOPTING);
	look(adopter, &told);
	if (*cgfence_adopter_problem(adopter))
		harness_skip(cgfence_adopter_problem(adopter));
	whitelist = whitelist_put(harness_cgroup());
	cr_assert_eq(poll(&readable, 1, 60 * 1000), 1);
	cgfence_adopter_read(adopter);
	while (!told.taken) {
		uint64_t wait_ns = cgfence_adopter_wait_ns(adopter);

		cr_assert_neq(wait_ns, UINT64_MAX);
		poll(NULL, 0, (int)(wait_ns / 1000000) + 1);
		cgfence_adopter_work(adopter, note, &told);
	}
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	whitelist_close(&whitelist);
	cgfence_adopter_close(adopter);
}

Test(adopt_returns, members_are_looked_through)
{
	struct cgfence_adopter *adopter = open_adopter();
	struct whitelist programs[5];
	struct told told = { 0 };

	standing_attach("job-*", ADOPTING);
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "job-%d", i);
		programs[i] = whitelist_put(harness_child_cgroup(harness_cgroup(), name));
	}
	look(adopter, &told);
	cr_expect_eq(told.taken, 5);
	cr_expect_eq(told.left, 0);
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(whitelist_query(programs[i].cgroup).count, 0);
		whitelist_close(&programs[i]);
	}
	cgfence_adopter_close(adopter);
}

Test(adopt_returns, what_stays_is_told_once_until_it_or_the_policy_changes)
{
	static const struct whitelist_entry other[] = {
		{ BPF_DEVCG_DEV_CHAR, -1, -1, BPF_DEVCG_ACC_MKNOD },
		{ BPF_DEVCG_DEV_BLOCK, -1, -1, BPF_DEVCG_ACC_MKNOD },
		{ BPF_DEVCG_DEV_CHAR, 1, 3, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE },
	};
	struct cgfence_adopter *adopter = open_adopter();
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist second = whitelist_load(other, 3);
	struct cgfence_edit *edit = NULL;
	struct told told = { 0 };
	bool changed;

	harness_attach(harness_cgroup(), ADOPTING);
	whitelist_attach(&second, harness_cgroup(), BPF_F_ALLOW_MULTI);
	for (int i = 0; i < 3; i++)
		look(adopter, &told);
	cr_expect_eq(told.left, 1);
	cr_expect_eq(told.taken, 0);
	cr_expect_not_null(strstr(told.reason, "differs from what was adopted"), "%s", told.reason);
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 2);
	/* The policy says the same now. */
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_REVOKE, "c 1:5 r", &edit, NULL), 0);
	cr_assert_eq(cgfence_fence_edit(harness_cgroup(), edit, &changed, NULL), 0);
	cgfence_edit_free(edit);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_REVOKE, "c 136:* rw", &edit, NULL), 0);
	cr_assert_eq(cgfence_fence_edit(harness_cgroup(), edit, &changed, NULL), 0);
	cgfence_edit_free(edit);
	look(adopter, &told);
	cr_expect_eq(told.left, 1);
	cr_expect_eq(told.taken, 1);
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	whitelist_close(&first);
	whitelist_close(&second);
	cgfence_adopter_close(adopter);
}

Test(adopt_returns, one_that_never_stops_is_left_alone_for_a_while)
{
	struct cgfence_adopter *adopter = open_adopter();
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct told told = { 0 };
	unsigned int times = 0;

	harness_attach(harness_cgroup(), ADOPTING);
	do {
		whitelist_attach(&whitelist, harness_cgroup(), BPF_F_ALLOW_MULTI);
		look(adopter, &told);
	} while (++times < 1000 && whitelist_query(harness_cgroup()).count == 1);
	cr_expect_lt(times, 1000, "it is taken each time");
	/* Where a look is slow, it rests as long after it as it leaves a program alone. */
	cr_expect_geq(told.taken, harness_rounds(100));
	cr_expect_neq(cgfence_adopter_wait_ns(adopter), 0);
	whitelist_close(&whitelist);
	cgfence_adopter_close(adopter);
}

/* Of two on a cgroup one comes back, and both are given back. */
Test(adopt_returns, the_other_one_of_its_cgroup_is_kept)
{
	struct whitelist_entry entries[6] = { 0 };
	struct cgfence_adopter *adopter = open_adopter();
	struct whitelist wide;
	struct whitelist usual = whitelist_put(harness_cgroup());
	struct whitelist again;
	struct told told = { 0 };
	struct whitelist_programs programs;
	bool released = false;
	size_t count = 0;

	memcpy(entries, whitelist_usual, sizeof(whitelist_usual));
	entries[5] = (struct whitelist_entry){ BPF_DEVCG_DEV_CHAR, 1, 9, 7 };
	wide = whitelist_load(entries, 6);
	whitelist_attach(&wide, harness_cgroup(), BPF_F_ALLOW_MULTI);
	harness_attach(harness_cgroup(), ADOPTING);
	again = whitelist_put(harness_cgroup());
	look(adopter, &told);
	cr_expect_eq(told.taken, 1);
	cr_assert_eq(cgfence_fence_release(harness_cgroup(), &released, &count, NULL), 0);
	cr_expect_eq(count, 2);
	programs = whitelist_query(harness_cgroup());
	cr_expect_eq(programs.count, 2);
	cr_expect_eq(programs.ids[0], again.id);
	cr_expect_eq(programs.ids[1], wide.id);
	whitelist_close(&wide);
	whitelist_close(&usual);
	whitelist_close(&again);
	cgfence_adopter_close(adopter);
}

struct locks {
	const struct cgfence_cgroup *root;
	char path[64];
	unsigned int times; /* while the kernel is asked, in a cgroup that is there for that */
	unsigned int taken; /* by somebody else */
};

static bool is_asking(const struct locks *locks)
{
	char name[32];

	snprintf(name, sizeof(name), "cgfence-scratch-%d-0", getpid());
	return faccessat(cgfence_cgroup_fd(locks->root), name, F_OK, 0) == 0;
}

static void try_lock(void *context)
{
	struct locks *locks = context;
	int fd = open(locks->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	locks->times += is_asking(locks);
	locks->taken += fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0;
	if (fd >= 0)
		close(fd);
}

/* The same rules in another order of instructions, so that the kernel has to be asked. */
Test(adopt_returns, asking_lets_others_work)
{
	struct whitelist_entry entries[6] = { 0 };
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist second;
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *root = NULL;
	struct locks locks = { 0 };
	size_t taken = 0;
	int result;

	cr_assert_eq(cgfence_cgroup_open("/", &root, NULL), 0);
	locks.root = root;
	memcpy(entries, whitelist_usual, sizeof(whitelist_usual));
	entries[5] = entries[0];
	second = whitelist_load(entries, 6);
	harness_attach(harness_cgroup(), ADOPTING);
	whitelist_attach(&second, harness_cgroup(), BPF_F_ALLOW_MULTI);
	snprintf(locks.path, sizeof(locks.path), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	cgfence_yield_set(try_lock, 0, &locks);
	result = cgfence_fence_adopt(harness_cgroup(), NULL, &taken, &error);
	cgfence_yield_set(NULL, 0, NULL);
	cr_assert_eq(result, 0, "%s", error.text);
	cr_expect_eq(taken, 1);
	cgfence_cgroup_close(root);
	cr_expect_gt(locks.times, 0);
	cr_expect_eq(locks.taken, 0);
	whitelist_close(&first);
	whitelist_close(&second);
}

/* Enough for a list of the fences, and for none of them. */
static void leave_one_descriptor(struct rlimit *before)
{
	int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
	struct rlimit few;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, before), 0);
	few = (struct rlimit){ .rlim_cur = (rlim_t)next + 1, .rlim_max = before->rlim_max };
	close(next);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
}

Test(adopt_returns, a_fence_that_could_not_be_read_is_read_again)
{
	struct cgfence_adopter *adopter = open_adopter();
	struct told told = { 0 };
	struct whitelist program;
	struct rlimit before;

	harness_attach(harness_cgroup(), ADOPTING);
	while (!fence_mark(cgfence_cgroup_id(harness_cgroup())))
		poll(NULL, 0, 10);
	leave_one_descriptor(&before);
	look(adopter, &told);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	program = whitelist_put(harness_cgroup());
	look(adopter, &told);
	cr_expect_eq(told.taken, 1);
	whitelist_close(&program);
	cgfence_adopter_close(adopter);
}
