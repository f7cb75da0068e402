// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The place where the kernel programs record a refusal, chosen without branches, against a plain loop. */
#include "base/splitmix64.h"

#include <cgfence/denial.h>
#include <criterion/criterion.h>
#include <string.h>

static bool same_subject(const struct cgfence_denial_subject *a,
			 const struct cgfence_denial_subject *b)
{
	return a->hook == b->hook && a->verdict == b->verdict && a->type == b->type &&
	       a->access == b->access && a->major == b->major && a->minor == b->minor;
}

/*
 * The way of the subject, else the first unused one, else the first of those whose last refusal is oldest, to 4 ns.
 */
static int expected_way(const struct cgfence_denial_set *set,
			const struct cgfence_denial_subject *subject, bool *known)
{
	int chosen = 0;

	for (int i = 0; i < CGFENCE_DENIAL_WAYS; i++) {
		*known = set->ways[i].count && same_subject(&set->ways[i].subject, subject);
		if (*known)
			return i;
	}
	for (int i = 0; i < CGFENCE_DENIAL_WAYS; i++) {
		if (set->ways[i].count == 0)
			return i;
		if (set->ways[i].last_ns / 4 < set->ways[chosen].last_ns / 4)
			chosen = i;
	}
	return chosen;
}

/* Few values for each field, so that subjects repeat, and differ in one field only. */
static struct cgfence_denial_subject random_subject(uint64_t *state)
{
	uint64_t number = splitmix64_next(state);

	return (struct cgfence_denial_subject){
		.hook = number & 1,
		.verdict = number >> 1 & 1,
		.type = 1 + (number >> 2 & 1),
		.access = number >> 3 & 1,
		.major = (number >> 4 & 1) * 0x80000000U,
		.minor = (number >> 5 & 1) * UINT32_MAX,
	};
}

/* Refuses one subject after the other. @step: the most that the clock advances; it may go back a little. */
static void refuse_many(uint64_t *state, uint64_t now_ns, uint64_t step, unsigned int seen[3])
{
	struct cgfence_denial_set set = { 0 };

	for (int i = 0; i < 200; i++) {
		struct cgfence_denial_record record = { .subject = random_subject(state) };
		bool expected_known = false;
		__u64 known = 0;
		uint32_t chosen = cgfence_denial_choose_way(set.ways, NULL, &record, 0, &known);
		struct cgfence_denial_record *way = &set.ways[chosen];
		int expected = expected_way(&set, &record.subject, &expected_known);

		cr_assert_eq((int)chosen, expected, "way %u for %d", chosen, expected);
		cr_assert_eq(known, expected_known ? UINT64_MAX : 0);
		seen[known ? 0 : way->count ? 1 : 2]++;
		now_ns += splitmix64_next(state) % (step + 1);
		way->count = known ? way->count + 1 : 1;
		way->subject = record.subject;
		way->last_ns = now_ns - splitmix64_next(state) % 3;
	}
}

Test(denial, the_way_is_the_one_that_a_plain_loop_finds)
{
	static const struct {
		uint64_t from_ns;
		uint64_t step;
	} clocks[] = { { 7, 0 }, { 7, 2 }, { 7, 1000000 }, { 1ULL << 61, 1 }, { 7, 1ULL << 53 } };
	unsigned int seen[3] = { 0 };
	uint64_t state = 11;

	for (int i = 0; i < 100; i++) {
		for (size_t j = 0; j < sizeof(clocks) / sizeof(clocks[0]); j++)
			refuse_many(&state, clocks[j].from_ns, clocks[j].step, seen);
	}
	for (int i = 0; i < 3; i++)
		cr_expect_gt(seen[i], 500, "known, in the place of another, unused: %d", i);
}

static uint64_t random_seed(uint64_t number)
{
	uint64_t state = number;

	return splitmix64_next(&state);
}

/* By subjects that differ as @vary says, under many seeds. */
static void expect_even(enum cgfence_hook hook,
			void (*vary)(struct cgfence_denial_subject *subject, uint32_t i))
{
	const struct cgfence_denial_share share = cgfence_denial_share((uint32_t)hook);
	unsigned int counts[CGFENCE_DENIAL_SETS] = { 0 };
	const unsigned int each = 4000;

	for (uint32_t i = 0; i < each * share.count; i++) {
		struct cgfence_denial_record record = {
			.subject = { .hook = (uint8_t)hook, .type = 2 },
		};
		uint32_t index;

		vary(&record.subject, i % 1000);
		index = cgfence_denial_set_index(&record, (uint32_t)hook, random_seed(i / 1000));
		cr_assert(index >= share.first && index < share.first + share.count);
		counts[index]++;
	}
	for (uint32_t i = share.first; i < share.first + share.count; i++)
		cr_expect(counts[i] > each / 2 && counts[i] < each * 2, "set %u has %u", i,
			  counts[i]);
}

static void vary_minor(struct cgfence_denial_subject *subject, uint32_t i)
{
	subject->minor = i;
}

static void vary_major(struct cgfence_denial_subject *subject, uint32_t i)
{
	subject->major = i;
}

Test(denial, each_hook_has_sets_of_its_own_and_uses_them_evenly)
{
	uint32_t next = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++) {
		expect_even((enum cgfence_hook)hook, vary_minor);
		expect_even((enum cgfence_hook)hook, vary_major);
		cr_expect_eq(cgfence_denial_share((uint32_t)hook).first, next);
		next += cgfence_denial_share((uint32_t)hook).count;
	}
	cr_expect_eq(next, CGFENCE_DENIAL_SETS);
}

Test(denial, no_seed_takes_minors_in_a_row_to_few_sets)
{
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		struct cgfence_denial_record record = {
			.subject = { .hook = CGFENCE_HOOK_DEVICE, .type = 2, .major = 300 },
		};
		uint64_t used = 0;

		for (record.subject.minor = 0; record.subject.minor < 500; record.subject.minor++)
			used |= 1ULL << cgfence_denial_set_index(&record, CGFENCE_HOOK_DEVICE,
								 random_seed(seed));
		cr_assert_gt(__builtin_popcountll(used), 30, "seed %lu", seed);
	}
}

Test(denial, the_seed_decides_which_subjects_share_a_set)
{
	unsigned int together = 0;

	for (uint64_t seed = 1; seed <= 4096; seed++) {
		const struct cgfence_denial_record a = {
			.subject = { .type = 2, .major = 1, .minor = 11 },
		};
		const struct cgfence_denial_record b = {
			.subject = { .type = 2, .major = 8, .minor = 0 },
		};
		uint64_t spread = random_seed(seed);

		together += cgfence_denial_set_index(&a, CGFENCE_HOOK_DEVICE, spread) ==
			    cgfence_denial_set_index(&b, CGFENCE_HOOK_DEVICE, spread);
	}
	cr_expect(together > 60 && together < 250, "%u of 4096", together);
}
