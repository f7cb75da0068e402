// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Allows and revokes device entries. After `revoke` the policy grants the revoked access to none of the selected
 * devices; after `allow` one entry grants all of the access. Other devices and accesses are judged as before. The
 * result is the shortest to read: an entry is trimmed where that is enough, and the defaults are not split into single
 * entries, since "defaults" and a deny entry take only two lines.
 */
#include "base/error.h"
#include "policy/edit_devices.h"

#include <cgfence/verdict.h>
#include <errno.h>

/* A selector has this many selectors above it, itself included: a number or a wildcard in two places. */
#define ABOVE_COUNT 4

static bool is_within(uint64_t selector, uint64_t wider)
{
	return device_selector_meet(selector, wider) == selector;
}

/* The @index-th selector that selects all devices of @selector; the first is @selector itself. */
static uint64_t selector_above(uint64_t selector, int index)
{
	if (index & 1)
		selector = cgfence_device_any_minor(selector);
	if (index & 2)
		selector = cgfence_device_any_major(selector);
	return selector;
}

/* The access that deny entries refuse to every device of @selector; @strictly leaves out its own entry. */
static uint8_t denied_above(const struct device_rules *rules, uint64_t selector, bool strictly)
{
	uint8_t denied = 0;

	for (int i = 0; i < ABOVE_COUNT; i++) {
		uint64_t above = selector_above(selector, i);
		const struct device_rule *rule = device_rules_find(rules, above);

		if (rule && !(strictly && above == selector))
			denied |= rule->deny;
	}
	return denied;
}

/* Does one allow entry grant @access to every device of @selector? */
static bool is_granted_above(const struct device_rules *rules, uint64_t selector, uint8_t access,
			     bool strictly)
{
	for (int i = 0; i < ABOVE_COUNT; i++) {
		uint64_t above = selector_above(selector, i);
		const struct device_rule *rule = device_rules_find(rules, above);

		if (rule && !(strictly && above == selector) && rule->allow &&
		    !(access & ~rule->allow))
			return true;
	}
	return false;
}

/* The access that "defaults" grants, which cannot be trimmed. */
static uint8_t default_access(const struct cgfence_policy *policy, uint64_t selector)
{
	return device_base_access(policy->devices_base, selector);
}

/* Makes the rule of @selector allow or deny @access too. */
static int add_access(struct cgfence_policy *policy, uint64_t selector, uint8_t access, bool deny)
{
	struct device_entry entry = device_rule_entry(selector, access);
	int result = device_rules_add(&policy->devices, &entry, deny);

	device_rules_normalise(&policy->devices);
	return result;
}

/* The access that some device of @selector has, after all denials. */
static uint8_t granted_within(const struct cgfence_policy *policy, uint64_t selector)
{
	const struct device_rules *rules = &policy->devices;
	uint8_t granted = 0;

	for (size_t i = 0; i < rules->count; i++) {
		uint64_t meet = device_selector_meet(rules->items[i].selector, selector);

		if (meet)
			granted |= rules->items[i].allow &
				   (uint8_t)~denied_above(rules, meet, false);
	}
	return granted;
}

static int revoke(struct cgfence_policy *policy, uint64_t selector, uint8_t access,
		  struct cgfence_error *error)
{
	uint8_t left;

	for (size_t i = 0; i < policy->devices.count; i++) {
		struct device_rule *rule = &policy->devices.items[i];

		if (is_within(rule->selector, selector))
			rule->allow &= (uint8_t)~access | default_access(policy, rule->selector);
	}
	left = access & granted_within(policy, selector);
	if (left && add_access(policy, selector, left, true))
		return error_out_of_memory(error);
	return 0;
}

/* The deny entry of @rule as the policy writes it, with type "a" if it holds for both types. */
static void format_deny_entry(const struct device_rules *rules, const struct device_rule *rule,
			      char text[DEVICE_ENTRY_TEXT_SIZE])
{
	const struct device_rule *twin =
		device_rules_find(rules, rule->selector ^ CGFENCE_SELECTOR_TYPES);
	struct device_entry entry = device_rule_entry(rule->selector, rule->deny);

	if (twin && twin->deny == rule->deny)
		entry.block = entry.character = true;
	device_entry_format(&entry, text);
}

/* A deny entry that also selects other devices than the edit is not removed silently. */
static int refuse_if_denied(const struct cgfence_policy *policy, uint64_t selector, uint8_t access,
			    struct cgfence_error *error)
{
	for (size_t i = 0; i < policy->devices.count; i++) {
		const struct device_rule *rule = &policy->devices.items[i];
		uint64_t meet = device_selector_meet(rule->selector, selector);
		struct device_entry refused;
		char refused_text[DEVICE_ENTRY_TEXT_SIZE];
		char deny_text[DEVICE_ENTRY_TEXT_SIZE];

		if (!meet || is_within(rule->selector, selector) || !(access & rule->deny))
			continue;
		refused = device_rule_entry(meet, access & rule->deny);
		device_entry_format(&refused, refused_text);
		format_deny_entry(&policy->devices, rule, deny_text);
		return error_set(
			error, EINVAL,
			"the deny entry '%s' would still refuse '%s'; leave that out, or allow '%s' first",
			deny_text, refused_text, deny_text);
	}
	return 0;
}

static int allow(struct cgfence_policy *policy, uint64_t selector, uint8_t access,
		 struct cgfence_error *error)
{
	int result = refuse_if_denied(policy, selector, access, error);

	if (result)
		return result;
	for (size_t i = 0; i < policy->devices.count; i++) {
		struct device_rule *rule = &policy->devices.items[i];

		if (is_within(rule->selector, selector))
			rule->deny &= (uint8_t)~access;
	}
	if (is_granted_above(&policy->devices, selector, access, false))
		return 0;
	if (add_access(policy, selector, access, false))
		return error_out_of_memory(error);
	return 0;
}

/* Drops entries that a wider entry repeats, as it may after the edit. This changes no verdict. */
static void drop_repetitions(struct cgfence_policy *policy, uint64_t selector)
{
	struct device_rules *rules = &policy->devices;

	for (size_t i = 0; i < rules->count; i++) {
		struct device_rule *rule = &rules->items[i];

		if (!is_within(rule->selector, selector))
			continue;
		rule->deny &= (uint8_t)~denied_above(rules, rule->selector, true);
		if (is_granted_above(rules, rule->selector, rule->allow, true))
			rule->allow &= default_access(policy, rule->selector);
	}
	device_rules_drop_empty(rules);
}

static bool rules_equal(const struct device_rules *a, const struct device_rules *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->items[i].selector != b->items[i].selector ||
		    a->items[i].allow != b->items[i].allow || a->items[i].deny != b->items[i].deny)
			return false;
	}
	return true;
}

static int edit_selector(struct cgfence_policy *policy, enum cgfence_edit_action action,
			 uint64_t selector, uint8_t access, struct cgfence_error *error)
{
	return action == CGFENCE_ALLOW ? allow(policy, selector, access, error)
				       : revoke(policy, selector, access, error);
}

/* Gives the selectors of an entry, one for each type that it is for. Return: how many. */
static size_t selectors_of(const struct device_entry *entry, uint64_t selectors[2])
{
	size_t count = 0;

	if (entry->block)
		selectors[count++] = device_entry_selector(entry, BPF_DEVCG_DEV_BLOCK);
	if (entry->character)
		selectors[count++] = device_entry_selector(entry, BPF_DEVCG_DEV_CHAR);
	return count;
}

int policy_edit_devices(const struct cgfence_policy *before, const struct cgfence_edit *edit,
			struct cgfence_policy *policy, struct cgfence_error *error)
{
	uint64_t selectors[2];

	for (size_t i = 0; i < edit->entries.count; i++) {
		const struct device_entry *entry = &edit->entries.items[i];
		size_t count = selectors_of(entry, selectors);

		for (size_t j = 0; j < count; j++) {
			int result = edit_selector(policy, edit->action, selectors[j],
						   entry->access, error);

			if (result)
				return result;
		}
	}
	device_rules_drop_empty(&policy->devices);
	/* An edit without effect leaves redundant entries in place. */
	if (rules_equal(&before->devices, &policy->devices))
		return 0;
	for (size_t i = 0; i < edit->entries.count; i++) {
		size_t count = selectors_of(&edit->entries.items[i], selectors);

		for (size_t j = 0; j < count; j++)
			drop_repetitions(policy, selectors[j]);
	}
	return 0;
}
