// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/return_pace.h"

#include <criterion/criterion.h>

#define SECOND 1000000000ULL

/* In an hour: each time that it has waited for longest, each time that credit is back, and some while it learns. */
#define SELDOM (3600 * SECOND / RETURN_PACE_LONGEST_NS + 3600 * SECOND / RETURN_PACE_CREDIT_NS + 10)

/* Spends at each moment at which it is due, for @duration_ns. Return: how often. */
static unsigned int spend_always(struct return_pace *pace, uint64_t duration_ns, unsigned int cost)
{
	uint64_t now_ns = SECOND;
	unsigned int times = 0;

	while (now_ns < SECOND + duration_ns) {
		if (return_pace_due_ns(pace) <= now_ns) {
			return_pace_spend(pace, now_ns, cost);
			times++;
		}
		now_ns += SECOND / 100;
	}
	return times;
}

Test(return_pace, the_first_is_due_at_once)
{
	struct return_pace pace = { 0 };

	cr_expect_eq(return_pace_due_ns(&pace), 0);
	return_pace_spend(&pace, 7 * SECOND, 1);
	cr_expect_eq(return_pace_due_ns(&pace), 7 * SECOND);
}

Test(return_pace, one_that_never_stops_is_dealt_with_seldom)
{
	struct return_pace pace = { 0 };
	unsigned int hour = spend_always(&pace, 3600 * SECOND, 1);

	cr_expect_geq(hour, RETURN_PACE_CREDIT);
	cr_expect_leq(hour, RETURN_PACE_CREDIT + SELDOM, "%u", hour);
}

Test(return_pace, what_is_in_vain_costs_more)
{
	struct return_pace pace = { 0 };
	unsigned int hour = spend_always(&pace, 3600 * SECOND, RETURN_PACE_VAIN);

	cr_expect_leq(hour, RETURN_PACE_CREDIT / RETURN_PACE_VAIN + SELDOM, "%u", hour);
}

Test(return_pace, without_credit_it_waits_longer_each_time_but_not_for_ever)
{
	struct return_pace pace = { 0 };
	uint64_t now_ns = SECOND;
	uint64_t delay_ns = RETURN_PACE_FIRST_NS;

	for (unsigned int i = 0; i < RETURN_PACE_CREDIT; i++)
		return_pace_spend(&pace, now_ns, 1);
	cr_expect_eq(return_pace_due_ns(&pace), now_ns);
	for (int i = 0; i < 10; i++) {
		return_pace_spend(&pace, now_ns, RETURN_PACE_CREDIT);
		cr_expect_eq(return_pace_due_ns(&pace), now_ns + delay_ns, "%d", i);
		now_ns += delay_ns;
		delay_ns = delay_ns < RETURN_PACE_LONGEST_NS ? 2 * delay_ns : delay_ns;
	}
}

Test(return_pace, a_rest_gives_all_back)
{
	struct return_pace pace = { 0 };
	uint64_t later_ns = SECOND + (RETURN_PACE_CREDIT + 1) * RETURN_PACE_CREDIT_NS;

	for (unsigned int i = 0; i < 2 * RETURN_PACE_CREDIT; i++)
		return_pace_spend(&pace, SECOND, 1);
	for (unsigned int i = 0; i < RETURN_PACE_CREDIT; i++)
		return_pace_spend(&pace, later_ns, 1);
	cr_expect_eq(return_pace_due_ns(&pace), later_ns);
	return_pace_spend(&pace, later_ns, 1);
	cr_expect_eq(return_pace_due_ns(&pace), later_ns + RETURN_PACE_FIRST_NS);
}

/* As when daemon-reload, set-property and update take turns, for longer than the credit lasts. */
Test(return_pace, a_thousand_that_come_one_by_one_are_due_at_once)
{
	struct return_pace pace = { 0 };

	for (uint64_t i = 1; i <= 1000; i++) {
		cr_assert_leq(return_pace_due_ns(&pace), i * SECOND / 2, "%zu", (size_t)i);
		return_pace_spend(&pace, i * SECOND / 2, 1);
	}
}
