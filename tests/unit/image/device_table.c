// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/device_table.h"
#include "image/image.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <cgfence/verdict.h>
#include <string.h>

#define ANY_SELECTOR (CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR)

static struct device_entry exact_entry(char type, uint32_t major, uint32_t minor, uint8_t access)
{
	return (struct device_entry){ .block = type == 'b',
				      .character = type == 'c',
				      .major = major,
				      .minor = minor,
				      .access = access };
}

/* A policy of @count distinct rules, each made by @make from its number. */
static struct cgfence_policy *numbered_policy(size_t count,
					      struct device_entry (*make)(uint32_t number))
{
	struct cgfence_policy *policy = policy_new();

	policy->devices_fenced = true;
	for (uint32_t i = 0; i < count; i++) {
		struct device_entry entry = make(i);

		cr_assert_eq(device_rules_add(&policy->devices, &entry, i % 5 == 0), 0);
	}
	device_rules_normalise(&policy->devices);
	cr_assert_eq(policy->devices.count, count);
	return policy;
}

/* Every rule is found unchanged; selectors without a rule are not found. */
static void expect_all_found(const struct cgfence_policy *policy, const char *name)
{
	cleanup_free struct cgfence_image *image = NULL;
	uint64_t state = 3;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0, "%s", name);
	for (size_t i = 0; i < policy->devices.count; i++) {
		const struct device_rule *rule = &policy->devices.items[i];
		uint64_t packed = cgfence_device_find(image, rule->selector);

		if ((rule->selector & ANY_SELECTOR) == ANY_SELECTOR)
			packed = image->devices.any[!!(rule->selector & CGFENCE_SELECTOR_CHAR)];
		cr_assert(cgfence_rule_selector(packed) == rule->selector &&
				  cgfence_rule_allow(packed) == rule->allow &&
				  cgfence_rule_deny(packed) == rule->deny,
			  "%s: rule %zu is not found as it is", name, i);
	}
	for (size_t i = 0; i < 20000; i++) {
		uint64_t selector = cgfence_device_selector(
			random_below(&state, 2) ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
			random_below(&state, 4096), random_below(&state, 1048576), 0);

		if (!device_rules_find(&policy->devices, selector))
			cr_assert_eq(cgfence_device_find(image, selector), 0,
				     "%s: an absent rule is found", name);
	}
}

static struct device_entry sequential_minor(uint32_t number)
{
	return exact_entry('b', 8, number, 1 + number % 7);
}

static struct device_entry every_sixteenth_minor(uint32_t number)
{
	return exact_entry('c', number / 65536, number % 65536 * 16, 1 + number % 7);
}

static struct device_entry same_minor_of_each_major(uint32_t number)
{
	return exact_entry(number % 2 ? 'b' : 'c', number / 2 % 4096, number / 8192, 7);
}

static struct device_entry highest_bits(uint32_t number)
{
	return exact_entry('c', number % 64 * 64, number / 64 * 4096, 7);
}

static struct device_entry wildcard_minor(uint32_t number)
{
	struct device_entry entry = exact_entry(number % 2 ? 'b' : 'c', number / 2, 0, 3);

	entry.any_minor = true;
	return entry;
}

static struct device_entry wildcard_major(uint32_t number)
{
	struct device_entry entry = exact_entry(number % 2 ? 'b' : 'c', 0, number / 2, 5);

	entry.any_major = true;
	return entry;
}

/* Every pair of types below, so that selectors differ in one bit only. */
static struct device_entry both_types(uint32_t number)
{
	return exact_entry(number % 2 ? 'b' : 'c', 259, number / 2, 6);
}

/* A bijection of the numbers below 2^32, cut to distinct devices by a prime. */
static struct device_entry scattered(uint32_t number)
{
	uint64_t device = (uint64_t)number * 2654435761U % 4294967291U;

	return exact_entry('c', (uint32_t)(device >> 20), device & CGFENCE_MINOR_MAX, 7);
}

Test(device_table, every_rule_is_found_and_no_other)
{
	static const struct {
		const char *name;
		size_t count;
		struct device_entry (*make)(uint32_t number);
	} cases[] = {
		{ "no rules", 0, sequential_minor },
		{ "one rule", 1, sequential_minor },
		{ "two rules", 2, sequential_minor },
		{ "14 rules", 14, sequential_minor },
		{ "4096 minors in a row", 4096, sequential_minor },
		{ "100000 minors in a row", 100000, sequential_minor },
		{ "every sixteenth minor", 100000, every_sixteenth_minor },
		{ "the same minor of each major", 32768, same_minor_of_each_major },
		{ "numbers with low bits clear", 16384, highest_bits },
		{ "wildcard minors", 8192, wildcard_minor },
		{ "wildcard majors", 20000, wildcard_major },
		{ "pairs that differ in type", 20000, both_types },
		{ "scattered", 100000, scattered },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy =
			numbered_policy(cases[i].count, cases[i].make);

		expect_all_found(policy, cases[i].name);
	}
	policy_text_expect_no_leak();
}

/* Three that got the same bits of a slot from each of the first 690 million odd multiples of one number. */
Test(device_table, a_chosen_policy_does_not_keep_the_search_going, .timeout = 120)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`devices`: {`allow`: [`c 3676:60962 rw`, `b 100:233062 rw`, `b 2378:509149 rw`]}}");

	expect_all_found(policy, "three chosen rules");
}

Test(device_table, small_random_policies_are_found)
{
	uint64_t state = 4;

	for (int i = 0; i < 300; i++) {
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, false);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);

		expect_all_found(policy, text);
	}
}

Test(device_table, the_table_grows_no_faster_than_the_rules)
{
	cleanup_policy struct cgfence_policy *policy = numbered_policy(4096, scattered);
	struct device_table table = { 0 };

	cr_assert_eq(device_table_compile(&policy->devices, &table), 0);
	cr_expect_leq(table.header.slot_count, 4096 * 5 / 4);
	cr_expect_leq(table.bucket_count, 2048);
	cr_expect_eq(table.bucket_count * 2, table.header.bucket_mask + 2);
	device_table_free(&table);
}

/* From the start of @image, in bytes, where a look for a selector finds the multiplier and the slot. */
static void find_offsets(const struct cgfence_image *image, uint64_t selector, size_t offsets[2])
{
	const struct cgfence_device_table *header = &image->devices;
	uint64_t hash = cgfence_device_hash(cgfence_selector_key(selector), header->seed);
	uint16_t multiplier;

	offsets[0] = header->multipliers_offset +
		     cgfence_device_bucket_offset(hash, header->bucket_mask);
	memcpy(&multiplier, (const char *)image + offsets[0], sizeof(multiplier));
	offsets[1] = header->slots_offset +
		     cgfence_device_slot_offset(hash, multiplier, header->slot_count);
}

static void expect_one_page(const struct cgfence_image *image, uint64_t selector, size_t header)
{
	size_t offsets[2];

	find_offsets(image, selector, offsets);
	cr_assert_eq((header + offsets[0]) / 4096, (header + offsets[1]) / 4096,
		     "%zu and %zu of an image of %u bytes", offsets[0], offsets[1], image->size);
}

/* What the kernel has before the value of an array map is not known, unless the value begins a page. */
Test(device_table, a_look_for_one_of_up_to_400_rules_touches_one_page)
{
	bool seen[2] = { false, false };

	for (size_t count = 1; count <= 400; count++) {
		cleanup_policy struct cgfence_policy *policy = numbered_policy(count, scattered);
		cleanup_free struct cgfence_image *image = NULL;
		bool aligned;

		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		aligned = device_table_wants_page(image);
		seen[aligned] = true;
		for (size_t i = 0; i < count; i++) {
			uint64_t selector = policy->devices.items[i].selector;

			expect_one_page(image, selector, 0);
			if (!aligned)
				expect_one_page(image, selector, 512);
		}
	}
	cr_expect(seen[0] && seen[1]);
}

/* Policies are compared by their images. */
Test(device_table, the_same_rules_make_the_same_table)
{
	struct device_rules forward = { 0 };
	struct device_rules backward = { 0 };
	struct device_table tables[2] = { 0 };
	const size_t count = 3000;

	for (uint32_t i = 0; i < count; i++) {
		struct device_entry entry = scattered(i);
		struct device_entry mirrored = scattered((uint32_t)count - 1 - i);

		cr_assert_eq(device_rules_add(&forward, &entry, false), 0);
		cr_assert_eq(device_rules_add(&backward, &mirrored, false), 0);
	}
	device_rules_normalise(&forward);
	device_rules_normalise(&backward);
	cr_assert_eq(device_table_compile(&forward, &tables[0]), 0);
	cr_assert_eq(device_table_compile(&backward, &tables[1]), 0);
	cr_expect_eq(memcmp(&tables[0].header, &tables[1].header, sizeof(tables[0].header)), 0);
	cr_assert_eq(tables[0].bucket_count, tables[1].bucket_count);
	cr_expect_eq(memcmp(tables[0].slots, tables[1].slots,
			    tables[0].header.slot_count * sizeof(*tables[0].slots)),
		     0);
	cr_expect_eq(memcmp(tables[0].multipliers, tables[1].multipliers,
			    tables[0].bucket_count * sizeof(*tables[0].multipliers)),
		     0);
	for (int i = 0; i < 2; i++)
		device_table_free(&tables[i]);
	device_rules_free(&forward);
	device_rules_free(&backward);
}

Test(device_table, decompiles_to_the_rules_it_was_made_of)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`devices`: {`defaults`: true, `allow`: [`a *:* r`, `b 8:* rw`, `a *:7 w`], `deny`: [`c 1:3 w`, `a 4095:1048575 rwm`, `b *:* m`]}}");
	cleanup_free struct cgfence_image *image = NULL;
	struct device_rules rules = { 0 };

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	cr_assert_eq(device_table_decompile(image, &rules), 0);
	cr_assert_eq(rules.count, policy->devices.count);
	for (size_t i = 0; i < rules.count; i++) {
		const struct device_rule *is = &rules.items[i];
		const struct device_rule *was = &policy->devices.items[i];

		cr_expect(is->selector == was->selector && is->allow == was->allow &&
				  is->deny == was->deny,
			  "rule %zu", i);
	}
	device_rules_free(&rules);
}
