// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/return_pace.h"

uint64_t return_pace_due_ns(const struct return_pace *pace)
{
	return pace->last_ns + pace->delay_ns;
}

static unsigned int min(uint64_t a, unsigned int b)
{
	return a < b ? (unsigned int)a : b;
}

static void give_back(struct return_pace *pace, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - pace->last_ns;

	pace->spent -= min(passed_ns / RETURN_PACE_CREDIT_NS, pace->spent);
}

static uint64_t next_step(uint64_t step_ns)
{
	uint64_t next_ns = step_ns ? 2 * step_ns : RETURN_PACE_FIRST_NS;

	return next_ns < RETURN_PACE_LONGEST_NS ? next_ns : RETURN_PACE_LONGEST_NS;
}

void return_pace_spend(struct return_pace *pace, uint64_t now_ns, unsigned int cost)
{
	give_back(pace, now_ns);
	if (pace->spent <= RETURN_PACE_CREDIT / 2)
		pace->step_ns = 0;
	pace->last_ns = now_ns;
	pace->delay_ns = 0;
	if (pace->spent + cost <= RETURN_PACE_CREDIT) {
		pace->spent += cost;
		return;
	}
	pace->spent = RETURN_PACE_CREDIT;
	pace->step_ns = next_step(pace->step_ns);
	pace->delay_ns = pace->step_ns;
}
