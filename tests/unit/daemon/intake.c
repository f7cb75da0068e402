// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Without the kernel's buffer: events are put in. */
#include "daemon/intake.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define START_NS 1000

static struct intake *intake;

static void begin(void)
{
	intake = calloc(1, sizeof(*intake));
	cr_assert_not_null(intake);
	intake->start_ns = START_NS;
}

static void end(void)
{
	free(intake);
}

TestSuite(intake, .init = begin, .fini = end);

static void put_listener(uint64_t fence, uint64_t cookie)
{
	const struct cgfence_event event = { .cgroup_id = fence,
					     .socket_cookie = cookie,
					     .record.last_ns = START_NS };

	intake_put(intake, &event);
}

static void put_refusal(uint64_t fence, uint64_t last_ns)
{
	const struct cgfence_event event = { .cgroup_id = fence, .record.last_ns = last_ns };

	intake_put(intake, &event);
}

static void expect_listener(uint64_t fence, uint64_t cookie)
{
	struct cgfence_event event = { 0 };

	cr_assert(intake_next_listener(intake, &event));
	cr_expect_eq(event.cgroup_id, fence, "of %llu", (unsigned long long)event.cgroup_id);
	cr_expect_eq(event.socket_cookie, cookie);
}

static void expect_no_listener(void)
{
	struct cgfence_event event;

	cr_expect_not(intake_next_listener(intake, &event));
}

Test(intake, the_first_listener_of_each_fence_comes_before_the_second_of_any)
{
	for (uint64_t cookie = 1; cookie <= 10; cookie++)
		put_listener(1, cookie);
	put_listener(2, 11);
	put_listener(3, 12);
	put_listener(2, 13);
	expect_listener(1, 1);
	expect_listener(2, 11);
	expect_listener(3, 12);
	expect_listener(1, 2);
	expect_listener(2, 13);
	/* One that comes in the midst of it does not wait for those of others. */
	put_listener(3, 14);
	expect_listener(3, 14);
	for (uint64_t cookie = 3; cookie <= 10; cookie++)
		expect_listener(1, cookie);
	expect_no_listener();
}

Test(intake, of_a_flood_of_listeners_a_pass_finds_the_rest)
{
	for (uint64_t cookie = 1; cookie <= INTAKE_LISTENERS_PER_FENCE; cookie++)
		put_listener(1, cookie);
	cr_expect_not(intake_take_lost(intake));
	put_listener(1, 1000);
	cr_expect(intake_take_lost(intake));
	cr_expect_not(intake_take_lost(intake), "it is told once");
	put_listener(2, 2000);
	expect_listener(1, 1);
	expect_listener(2, 2000);
	/* There is room for one again. */
	put_listener(1, 1001);
	cr_expect_not(intake_take_lost(intake));
}

Test(intake, refusals_fill_no_room_of_listeners)
{
	for (size_t i = 0; i < INTAKE_MAX + 3; i++)
		put_refusal(1, START_NS);
	cr_expect_eq(intake->word_count, INTAKE_MAX);
	cr_expect_eq(intake->words_lost, 3);
	cr_expect_not(intake_take_lost(intake), "no pass is needed for words");
	put_listener(2, 1);
	expect_listener(2, 1);
}

Test(intake, refusals_from_before_the_start_are_not_told)
{
	put_refusal(1, START_NS - 1);
	cr_expect_eq(intake->word_count, 0);
	put_refusal(1, START_NS);
	cr_expect_eq(intake->word_count, 1);
}

Test(intake, a_listener_that_is_not_known_yet_is_one)
{
	const struct cgfence_event event = { .cgroup_id = 1, .made_outside = 1 };

	intake_put(intake, &event);
	expect_listener(1, 0);
}

/* Those that are left may wait, but not the first one of another fence. */
Test(intake, a_first_listener_is_told_apart_from_one_that_others_came_before)
{
	struct cgfence_event event;

	cr_expect_not(intake_has_first(intake));
	put_listener(1, 1);
	put_listener(1, 2);
	cr_expect(intake_has_first(intake));
	cr_assert(intake_next_listener(intake, &event));
	cr_expect_not(intake_has_first(intake));
	put_listener(1, 3);
	cr_expect_not(intake_has_first(intake));
	put_listener(2, 4);
	cr_expect(intake_has_first(intake));
	expect_listener(2, 4);
	cr_expect_not(intake_has_first(intake));
	expect_listener(1, 2);
	expect_listener(1, 3);
}
