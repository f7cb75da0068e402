// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/candidates.h"
#include "base/compare.h"
#include "unit/support/policy_text.h"

#include <cgfence/verdict.h>
#include <linux/bpf.h>

static const struct adopted no_programs;

static struct candidates collect(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = text ? policy_text_parse(text) : NULL;
	struct candidates candidates = { 0 };

	cr_assert_eq(candidates_collect(policy, &no_programs, &candidates), 0);
	return candidates;
}

static bool has(const struct candidates *candidates, char type, uint32_t major, uint32_t minor)
{
	uint64_t selector = cgfence_device_selector(
		type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, major, minor, 0);

	return bsearch(&selector, candidates->selectors, candidates->count, sizeof(selector),
		       compare_ids);
}

Test(candidates, what_is_named_and_what_is_next_to_it)
{
	cleanup_candidates struct candidates candidates =
		collect("{`devices`: {`allow`: [`c 1234:567890 r`]}}");

	cr_expect(has(&candidates, 'c', 1234, 567890));
	cr_expect(has(&candidates, 'b', 1234, 567890));
	cr_expect(has(&candidates, 'c', 1234, 567889));
	cr_expect(has(&candidates, 'c', 1234, 567891));
	cr_expect(has(&candidates, 'c', 1233, 567890));
	cr_expect(has(&candidates, 'c', 1235, 567890));
	cr_expect_not(has(&candidates, 'c', 1236, 567890));
}

Test(candidates, what_is_denied_is_named_too)
{
	cleanup_candidates struct candidates candidates =
		collect("{`devices`: {`allow`: [`b *:* r`], `deny`: [`b 4095:1048575 r`]}}");

	cr_expect(has(&candidates, 'b', 4095, 1048575));
	cr_expect(has(&candidates, 'b', 4095, 1048574));
}

Test(candidates, a_wildcard_is_asked_at_both_ends)
{
	cleanup_candidates struct candidates candidates =
		collect("{`devices`: {`allow`: [`c 3000:* r`, `b *:4321 w`]}}");

	cr_expect(has(&candidates, 'c', 3000, 0));
	cr_expect(has(&candidates, 'c', 3000, 1048575));
	cr_expect(has(&candidates, 'b', 0, 4321));
	cr_expect(has(&candidates, 'b', 4095, 4321));
}

/* A program may refuse some minors of a major all of whose minors the policy allows. */
Test(candidates, a_wildcard_of_minors_is_sampled)
{
	cleanup_candidates struct candidates candidates =
		collect("{`devices`: {`allow`: [`c 3000:* r`]}}");
	size_t minors = 0;

	for (size_t i = 0; i < candidates.count; i++)
		minors += cgfence_selector_major(candidates.selectors[i]) == 3000 &&
			  cgfence_selector_minor(candidates.selectors[i]) < 256;
	cr_expect_geq(minors, 40, "%zu", minors);
}

Test(candidates, a_sample_of_the_rest)
{
	cleanup_candidates struct candidates candidates = collect(NULL);
	cleanup_candidates struct candidates again = collect(NULL);
	size_t majors = 0;

	for (size_t i = 1; i < candidates.count; i++) {
		uint64_t before = candidates.selectors[i - 1];

		cr_assert_lt(before, candidates.selectors[i]);
		majors += cgfence_selector_major(before) !=
			  cgfence_selector_major(candidates.selectors[i]);
	}
	/* Every major that drivers are given, of either type. */
	cr_expect_geq(majors, 1024);
	cr_expect_not(has(&candidates, 'c', 0, 0));
	cr_expect_not(has(&candidates, 'b', 0, 0));
	cr_assert_eq(again.count, candidates.count);
	cr_expect_arr_eq(again.selectors, candidates.selectors,
			 candidates.count * sizeof(*candidates.selectors));
}
