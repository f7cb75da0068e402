// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The difference of random policies, made anew by a plain loop and undone. */
#include "policy/diff.h"
#include "base/cleanup.h"
#include "policy/write.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <stdio.h>
#include <string.h>

static struct policy_diff *make_diff(const struct cgfence_policy *before,
				     const struct cgfence_policy *after)
{
	struct policy_diff *diff = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(policy_diff_make(before, after, &diff, &error), 0, "%s", error.text);
	return diff;
}

static bool says_nothing(const struct policy_diff *diff)
{
	bool same_sets = port_set_is_empty(&diff->isolated_range.removed) &&
			 port_set_is_empty(&diff->isolated_range.added) &&
			 diff->isolated_range_given.before == diff->isolated_range_given.after;

	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++)
		same_sets = same_sets && port_set_is_empty(&diff->ports[i].removed) &&
			    port_set_is_empty(&diff->ports[i].added);
	for (int i = 0; i < POLICY_SECTION_COUNT; i++)
		same_sets = same_sets && diff->sections[i].before == diff->sections[i].after;
	return same_sets && diff->value_count == 0 && diff->devices.removed.count == 0 &&
	       diff->devices.added.count == 0;
}

/* Each port is removed exactly if only the old set has it, and added exactly if only the new one does. */
static void expect_exact(const struct port_set *before, const struct port_set *after,
			 const struct port_set_diff *diff, const char *text)
{
	for (int family = 0; family < PORT_FAMILY_COUNT; family++) {
		for (uint32_t port = 0; port <= PORT_MAX; port++) {
			enum port_family one = (enum port_family)family;
			bool had = port_set_has(before, one, (uint16_t)port);
			bool has = port_set_has(after, one, (uint16_t)port);

			cr_assert_eq(port_set_has(&diff->removed, one, (uint16_t)port), had && !has,
				     "%s: %u", text, port);
			cr_assert_eq(port_set_has(&diff->added, one, (uint16_t)port), !had && has,
				     "%s: %u", text, port);
		}
	}
}

/* The accesses of one rule set that another, which is not sorted alike, takes out of it or puts into it. */
static uint8_t *bits_of(struct device_rules *rules, uint64_t selector, bool deny)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].selector == selector)
			return deny ? &rules->items[i].deny : &rules->items[i].allow;
	}
	return NULL;
}

static void take_out(struct device_rules *rules, const struct device_rules *removed, bool deny)
{
	for (size_t i = 0; i < removed->count; i++) {
		uint8_t bits = deny ? removed->items[i].deny : removed->items[i].allow;
		uint8_t *left = bits_of(rules, removed->items[i].selector, deny);

		if (!bits)
			continue;
		cr_assert(left && (*left & bits) == bits, "what was not there is removed");
		*left &= (uint8_t)~bits;
	}
}

static void put_in(struct device_rules *rules, const struct device_rules *added, bool deny)
{
	for (size_t i = 0; i < added->count; i++) {
		uint8_t bits = deny ? added->items[i].deny : added->items[i].allow;
		const uint8_t *present = bits_of(rules, added->items[i].selector, deny);
		struct device_entry entry = device_rule_entry(added->items[i].selector, bits);

		cr_assert(!present || !(*present & bits), "what was there is added");
		if (bits)
			cr_assert_eq(device_rules_add(rules, &entry, deny), 0);
	}
}

static void expect_rules_lead_on(const struct cgfence_policy *before,
				 const struct cgfence_policy *after,
				 const struct device_rules_diff *diff)
{
	struct device_rules rules = { 0 };
	struct device_rules right = { 0 };

	cr_assert_eq(policy_listed_rules(before, &rules), 0);
	cr_assert_eq(policy_listed_rules(after, &right), 0);
	for (int deny = 0; deny < 2; deny++) {
		take_out(&rules, &diff->removed, deny);
		put_in(&rules, &diff->added, deny);
		device_rules_normalise(&rules);
	}
	device_rules_drop_empty(&rules);
	cr_assert_eq(rules.count, right.count);
	for (size_t i = 0; i < rules.count; i++)
		cr_assert(rules.items[i].selector == right.items[i].selector &&
			  rules.items[i].allow == right.items[i].allow &&
			  rules.items[i].deny == right.items[i].deny);
	device_rules_free(&rules);
	device_rules_free(&right);
}

static struct cgfence_policy *make_policy(uint64_t *state)
{
	struct random_policy random = random_policy_devices(state);
	cleanup_free char *text = random_policy_text(&random, state, random_below(state, 4));

	return policy_text_parse(text);
}

Test(policy_diff, leads_from_one_random_policy_to_another)
{
	uint64_t state = 11;

	for (int i = 0; i < 150; i++) {
		cleanup_policy struct cgfence_policy *before = make_policy(&state);
		cleanup_policy struct cgfence_policy *after = make_policy(&state);
		cleanup_policy_diff struct policy_diff *diff = make_diff(before, after);
		cleanup_policy_diff struct policy_diff *none = make_diff(after, after);

		for (int j = 0; j < CGFENCE_PROTOCOL_COUNT; j++)
			expect_exact(&before->ports[j], &after->ports[j], &diff->ports[j], "ports");
		expect_exact(&before->isolated_range, &after->isolated_range, &diff->isolated_range,
			     "isolated range");
		expect_rules_lead_on(before, after, &diff->devices);
		cr_assert_eq(says_nothing(diff), policy_equal(before, after));
		cr_assert(says_nothing(none));
	}
	policy_text_expect_no_leak();
}

Test(policy_diff, to_and_from_no_policy_it_is_the_whole)
{
	uint64_t state = 12;

	for (int i = 0; i < 50; i++) {
		static const struct port_set no_ports;
		cleanup_policy struct cgfence_policy *policy = make_policy(&state);
		cleanup_policy_diff struct policy_diff *made = make_diff(NULL, policy);
		cleanup_policy_diff struct policy_diff *gone = make_diff(policy, NULL);
		struct device_rules listed = { 0 };

		cr_assert_eq(policy_listed_rules(policy, &listed), 0);
		cr_assert_eq(made->devices.added.count, listed.count);
		cr_assert_eq(gone->devices.removed.count, listed.count);
		cr_assert_eq(made->devices.removed.count + gone->devices.added.count, 0);
		device_rules_free(&listed);
		for (int j = 0; j < CGFENCE_PROTOCOL_COUNT; j++) {
			expect_exact(&no_ports, &policy->ports[j], &made->ports[j], "made");
			expect_exact(&policy->ports[j], &no_ports, &gone->ports[j], "gone");
		}
	}
	policy_text_expect_no_leak();
}
