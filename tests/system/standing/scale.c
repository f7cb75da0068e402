// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What does not grow with the members of a standing fence, counted in system calls. */
#include "standing.h"
#include "fence/census.h"
#include "support/sockets.h"
#include "support/syscalls.h"

#include <cgfence/reconcile.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY "{'ports': [8080], 'on_violation': 'log'}"

#define FEW 10
#define SOME 100
#define MANY 300

static struct cgfence_census *census;
static struct cgfence_reconciler *reconciler;
static int members;

static void begin(void)
{
	sockets_begin();
	cr_assert_eq(cgfence_census_new(&census, NULL), 0);
	cr_assert_eq(cgfence_reconciler_new(&reconciler, NULL), 0);
	cgfence_reconciler_use_census(reconciler, census);
	if (!cgfence_reconciler_uses_iterator(reconciler))
		harness_skip("the kernel has no iterator over descriptors");
	standing_attach("job-*", POLICY);
}

static void end(void)
{
	cgfence_reconciler_free(reconciler);
	cgfence_census_free(census);
	standing_end();
}

TestSuite(standing_scale, .init = begin, .fini = end);

static void grow(int count)
{
	for (; members < count; members++) {
		char name[32];

		snprintf(name, sizeof(name), "job-%d", members);
		cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), name, 0755), 0, "%s: %s",
			     name, strerror(errno));
	}
}

static void ignore(const struct cgfence_violation *violation, void *context)
{
	(void)violation;
	(void)context;
}

static bool interval(void *unused)
{
	size_t in_excess;

	(void)unused;
	return cgfence_census_take(census, NULL) == 0 &&
	       cgfence_reconciler_pass(reconciler, 0, ignore, NULL, &in_excess, NULL) == 0;
}

/* What an interval costs in which nothing changed. */
static long calls_of_interval(void)
{
	/* The first one that knows them comes after the first that sees them. */
	for (int i = 0; i < 2; i++)
		cr_assert(interval(NULL));
	return syscalls_count(interval, NULL);
}

Test(standing_scale, a_member_adds_nothing_to_an_interval)
{
	long of_few;
	long of_many;

	grow(FEW);
	of_few = calls_of_interval();
	grow(MANY);
	of_many = calls_of_interval();
	cr_assert_gt(of_few, 0);
	/* Some calls are of buffers that are full. */
	cr_expect_leq(of_many - of_few, 8, "%ld calls with %d members, %ld with %d", of_few, FEW,
		      of_many, MANY);
}

Test(standing_scale, a_new_member_is_all_that_is_looked_at)
{
	long before;
	long after;

	grow(MANY);
	before = calls_of_interval();
	grow(MANY + 1);
	after = syscalls_count(interval, NULL);
	cr_assert_gt(before, 0);
	/* Where it is, and that its holders are wanted too. */
	cr_expect_leq(after - before, 20, "%ld calls without a new member, %ld with it", before,
		      after);
}

static bool count_members(void *unused)
{
	struct cgfence_fence *fence = NULL;
	uint64_t id;
	size_t count = 0;
	bool counted = cgfence_standing_find(standing_pattern("job-*"), &id, NULL) == 0 &&
		       cgfence_fence_open(id, &fence, NULL) == 0 &&
		       cgfence_fence_count_members(fence, &count, NULL) == 0;

	(void)unused;
	cgfence_fence_close(fence);
	return counted && count == (size_t)members;
}

Test(standing_scale, members_are_counted_all_at_once)
{
	long of_few;
	long of_many;

	grow(FEW);
	cr_assert(count_members(NULL));
	of_few = syscalls_count(count_members, NULL);
	grow(MANY);
	/* It sees to more room. */
	cr_assert(count_members(NULL));
	of_many = syscalls_count(count_members, NULL);
	cr_assert_gt(of_few, 0);
	cr_expect_leq(of_many - of_few, 4, "%ld calls for %d members, %ld for %d", of_few, FEW,
		      of_many, MANY);
}

static bool report(void *id)
{
	return cgfence_fence_report_excess(*(uint64_t *)id, ignore, NULL, NULL) == 0;
}

static long calls_of_report(uint64_t *id)
{
	long calls;

	/* It sees to more room, and loads the iterator. */
	cr_assert(count_members(NULL));
	cr_assert(interval(NULL));
	calls = syscalls_count(report, id);
	cr_assert_gt(calls, 0);
	return calls;
}

/* What attach asks for. To walk through a member takes 14 calls, beside those that tell where it is. */
Test(standing_scale, many_members_are_not_walked_one_by_one)
{
	uint64_t id = 0;
	long of_some;
	long of_many;

	cr_assert_eq(cgfence_standing_find(standing_pattern("job-*"), &id, NULL), 0);
	grow(SOME);
	of_some = calls_of_report(&id);
	grow(MANY);
	of_many = calls_of_report(&id);
	cr_expect_lt(of_many / MANY + 8, of_some / SOME, "%ld calls for %d members, %ld for %d",
		     of_some, SOME, of_many, MANY);
}
