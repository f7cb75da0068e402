// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_rule.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <string.h>

#include <cgfence/verdict.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

static void add(struct device_rules *rules, const char *text, bool deny)
{
	struct device_entry entry;

	cr_assert_eq(device_entry_parse(text, &entry, NULL), 0, "'%s'", text);
	cr_assert_eq(device_rules_add(rules, &entry, deny), 0);
}

static void expect_rule(const struct device_rules *rules, uint64_t selector, uint8_t allow,
			uint8_t deny, const char *name)
{
	const struct device_rule *rule = device_rules_find(rules, selector);

	cr_assert_not_null(rule, "%s", name);
	cr_expect_eq(rule->allow, allow, "%s: allows %u", name, rule->allow);
	cr_expect_eq(rule->deny, deny, "%s: denies %u", name, rule->deny);
}

Test(device_rule, entries_of_one_selector_become_one_rule)
{
	const uint64_t c13 = cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 1, 3, 0);
	const uint64_t b13 = cgfence_device_selector(BPF_DEVCG_DEV_BLOCK, 1, 3, 0);
	const uint64_t c1 =
		cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 1, 0, CGFENCE_SELECTOR_ANY_MINOR);
	struct device_rules rules = { 0 };

	add(&rules, "c 1:3 r", false);
	add(&rules, "c 1:* w", false);
	add(&rules, "a 1:3 w", false);
	add(&rules, "c 1:3 r", false);
	add(&rules, "c 1:3 m", true);
	device_rules_normalise(&rules);
	cr_expect_eq(rules.count, 3);
	expect_rule(&rules, c13, R | W, M, "c 1:3");
	expect_rule(&rules, b13, W, 0, "b 1:3");
	expect_rule(&rules, c1, W, 0, "c 1:*");
	device_rules_free(&rules);
	cr_expect_null(rules.items);
}

Test(device_rule, number_zero_is_not_the_wildcard)
{
	const uint64_t exact = cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 0, 0, 0);
	const uint64_t by_major =
		cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 0, 0, CGFENCE_SELECTOR_ANY_MINOR);
	const uint64_t by_minor =
		cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 0, 0, CGFENCE_SELECTOR_ANY_MAJOR);
	const uint64_t any = cgfence_device_selector(
		BPF_DEVCG_DEV_CHAR, 0, 0, CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR);
	struct device_rules rules = { 0 };

	add(&rules, "c 0:0 r", false);
	add(&rules, "c 0:* w", false);
	add(&rules, "c *:0 m", false);
	add(&rules, "c *:* rw", false);
	device_rules_normalise(&rules);
	cr_expect_eq(rules.count, 4);
	expect_rule(&rules, exact, R, 0, "c 0:0");
	expect_rule(&rules, by_major, W, 0, "c 0:*");
	expect_rule(&rules, by_minor, M, 0, "c *:0");
	expect_rule(&rules, any, R | W, 0, "c *:*");
	device_rules_free(&rules);
}

Test(device_rule, an_empty_set_has_no_rule)
{
	struct device_rules rules = { 0 };

	device_rules_normalise(&rules);
	cr_expect_eq(rules.count, 0);
	cr_expect_null(device_rules_find(&rules, 0));
	device_rules_free(&rules);
}

Test(device_rule, random_rules_are_sorted_and_found)
{
	struct device_rules rules = { 0 };
	uint64_t state = 1;

	for (int i = 0; i < 5000; i++) {
		struct device_entry entry = {
			.character = random_below(&state, 2),
			.major = random_below(&state, 20),
			.minor = random_below(&state, 100),
			.access = (uint8_t)(1 + random_below(&state, 7)),
		};

		entry.block = !entry.character;
		cr_assert_eq(device_rules_add(&rules, &entry, random_below(&state, 2)), 0);
	}
	device_rules_normalise(&rules);
	cr_assert_gt(rules.count, 2000);
	for (size_t i = 0; i < rules.count; i++) {
		cr_assert_eq(device_rules_find(&rules, rules.items[i].selector), &rules.items[i]);
		if (i)
			cr_assert_lt(rules.items[i - 1].selector, rules.items[i].selector);
	}
	device_rules_free(&rules);
}

Test(device_rule, a_selector_becomes_the_entry_it_was_made_of)
{
	static const char *const texts[] = {
		"c 0:0 r", "b 0:0 w", "c 4095:1048575 rwm", "b 4095:0 m", "c 0:1048575 rw",
		"c 7:* r", "b *:7 w", "c *:* rwm",	    "b *:* m",	  "b 2048:524288 r",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct device_rules rules = { 0 };
		char text[DEVICE_ENTRY_TEXT_SIZE];
		struct device_entry entry;

		add(&rules, texts[i], false);
		cr_assert_eq(rules.count, 1, "'%s'", texts[i]);
		entry = device_rule_entry(rules.items[0].selector, rules.items[0].allow);
		device_entry_format(&entry, text);
		cr_expect_str_eq(text, texts[i]);
		cr_expect_eq(cgfence_selector_type(rules.items[0].selector),
			     texts[i][0] == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
		device_rules_free(&rules);
	}
}

static void walk(const struct device_rules *rules, bool deny, char text[128])
{
	struct device_entry entry;
	size_t cursor = 0;

	*text = '\0';
	while (device_rules_next(rules, deny, &cursor, &entry)) {
		char entry_text[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entry, entry_text);
		strcat(strcat(text, *text ? ", " : ""), entry_text);
	}
}

Test(device_rule, walking_joins_the_types_where_both_say_the_same)
{
	struct device_rules rules = { 0 };
	char text[128];

	add(&rules, "a 1:3 rw", false);
	add(&rules, "a 1:5 r", false);
	add(&rules, "c 1:5 w", false);
	add(&rules, "c 7:* m", true);
	add(&rules, "b 1:3 m", true);
	device_rules_normalise(&rules);
	walk(&rules, false, text);
	cr_expect_str_eq(text, "a 1:3 rw, b 1:5 r, c 1:5 rw", "%s", text);
	walk(&rules, true, text);
	cr_expect_str_eq(text, "b 1:3 m, c 7:* m", "%s", text);
	device_rules_free(&rules);
}

Test(device_rule, dropping_what_is_common_leaves_the_differences)
{
	struct device_rules a = { 0 };
	struct device_rules b = { 0 };
	char text[128];

	add(&a, "c 1:3 rw", false);
	add(&a, "c 1:5 r", false);
	add(&a, "c 1:5 w", true);
	add(&a, "b 8:* m", true);
	add(&b, "c 1:3 wm", false);
	add(&b, "c 1:5 r", true);
	add(&b, "b 8:* m", true);
	add(&b, "c 200:1 r", false);
	device_rules_normalise(&a);
	device_rules_normalise(&b);
	device_rules_drop_common(&a, &b);
	walk(&a, false, text);
	cr_expect_str_eq(text, "c 1:3 r, c 1:5 r", "%s", text);
	walk(&a, true, text);
	cr_expect_str_eq(text, "c 1:5 w", "%s", text);
	walk(&b, false, text);
	cr_expect_str_eq(text, "c 1:3 m, c 200:1 r", "%s", text);
	walk(&b, true, text);
	cr_expect_str_eq(text, "c 1:5 r", "%s", text);
	device_rules_free(&a);
	device_rules_free(&b);
}
