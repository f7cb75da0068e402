// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/yield.h"
#include "policy/policy.h"
#include "unit/support/policy_text.h"

TestSuite(device_lookups);

static void count(void *context)
{
	++*(int *)context;
}

/* A policy of a thousand patterns takes some tens of milliseconds. */
Test(device_lookups, events_are_looked_at_between_the_words_of_a_policy)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`devices`: {`allow`: [`-c cgfence-a:* r`, `-/dev/cgfence-b r`, `-/dev/cgfence-c* r`]}}");
	struct device_cache cache = { 0 };
	int calls = 0;

	yield_set(count, 0, &calls);
	cr_expect_not(device_lookups_changed(&policy->lookups, NULL));
	cr_expect_eq(calls, 3);
	cr_expect_not(device_lookups_changed(&policy->lookups, &cache));
	cr_expect_eq(calls, 6);
	yield_set(NULL, 0, NULL);
	device_cache_clear(&cache);
}
