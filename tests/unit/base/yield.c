// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/yield.h"

#include <criterion/criterion.h>

static void count(void *calls)
{
	++*(unsigned int *)calls;
	/* It is not called while it runs. */
	yield_now();
}

Test(yield, it_calls_the_function_that_was_set)
{
	unsigned int calls = 0;

	yield_now();
	yield_set(count, 0, &calls);
	yield_now();
	yield_now();
	cr_expect_eq(calls, 2, "%u", calls);
	yield_set(NULL, 0, NULL);
	yield_now();
	cr_expect_eq(calls, 2);
}

Test(yield, not_before_its_time)
{
	unsigned int calls = 0;

	yield_set(count, UINT64_MAX, &calls);
	yield_now();
	cr_expect_eq(calls, 0);
	yield_set(NULL, 0, NULL);
}
