// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_rule.h"
#include "base/array.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <stdlib.h>

#define TYPE_CHAR BPF_DEVCG_DEV_CHAR
#define TYPE_BLOCK BPF_DEVCG_DEV_BLOCK

uint64_t device_entry_selector(const struct device_entry *entry, uint32_t type)
{
	return cgfence_device_selector(type, entry->major, entry->minor,
				       (entry->any_major ? CGFENCE_SELECTOR_ANY_MAJOR : 0) |
					       (entry->any_minor ? CGFENCE_SELECTOR_ANY_MINOR : 0));
}

static int rules_append(struct device_rules *rules, uint64_t selector, uint8_t allow, uint8_t deny)
{
	struct device_rule *items =
		array_with_room(rules->items, rules->count, &rules->capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	rules->items = items;
	rules->items[rules->count++] = (struct device_rule){ selector, allow, deny };
	return 0;
}

int device_rules_add(struct device_rules *rules, const struct device_entry *entry, bool deny)
{
	uint8_t allow_bits = deny ? 0 : entry->access;
	uint8_t deny_bits = deny ? entry->access : 0;
	int result = 0;

	if (entry->block)
		result = rules_append(rules, device_entry_selector(entry, TYPE_BLOCK), allow_bits,
				      deny_bits);
	if (result == 0 && entry->character)
		result = rules_append(rules, device_entry_selector(entry, TYPE_CHAR), allow_bits,
				      deny_bits);
	return result;
}

static int compare_rules(const void *left, const void *right)
{
	const struct device_rule *a = left;
	const struct device_rule *b = right;

	return a->selector < b->selector ? -1 : a->selector > b->selector;
}

void device_rules_normalise(struct device_rules *rules)
{
	size_t kept = 0;

	if (rules->count == 0)
		return;
	qsort(rules->items, rules->count, sizeof(*rules->items), compare_rules);
	for (size_t i = 1; i < rules->count; i++) {
		struct device_rule *last = &rules->items[kept];
		const struct device_rule *rule = &rules->items[i];

		if (rule->selector == last->selector) {
			last->allow |= rule->allow;
			last->deny |= rule->deny;
		} else {
			rules->items[++kept] = *rule;
		}
	}
	rules->count = kept + 1;
}

const struct device_rule *device_rules_find(const struct device_rules *rules, uint64_t selector)
{
	struct device_rule key = { .selector = selector };

	if (rules->count == 0)
		return NULL;
	return bsearch(&key, rules->items, rules->count, sizeof(*rules->items), compare_rules);
}

int device_rules_copy(const struct device_rules *rules, struct device_rules *copy)
{
	struct device_rules made = { 0 };

	for (size_t i = 0; i < rules->count; i++) {
		const struct device_rule *rule = &rules->items[i];

		if (rules_append(&made, rule->selector, rule->allow, rule->deny)) {
			device_rules_free(&made);
			return -ENOMEM;
		}
	}
	*copy = made;
	return 0;
}

void device_rules_drop_empty(struct device_rules *rules)
{
	size_t kept = 0;

	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].allow || rules->items[i].deny)
			rules->items[kept++] = rules->items[i];
	}
	rules->count = kept;
}

void device_rules_drop_common(struct device_rules *a, struct device_rules *b)
{
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		struct device_rule *left = &a->items[i];
		struct device_rule *right = &b->items[j];
		uint8_t allow = left->allow & right->allow;
		uint8_t deny = left->deny & right->deny;

		if (left->selector == right->selector) {
			left->allow ^= allow;
			right->allow ^= allow;
			left->deny ^= deny;
			right->deny ^= deny;
		}
		i += left->selector <= right->selector;
		j += left->selector >= right->selector;
	}
	device_rules_drop_empty(a);
	device_rules_drop_empty(b);
}

/* The access that a rule denies or allows; 0 without a rule. */
static uint8_t said(const struct device_rule *rule, bool deny)
{
	if (!rule)
		return 0;
	return deny ? rule->deny : rule->allow;
}

bool device_rules_next(const struct device_rules *rules, bool deny, size_t *cursor,
		       struct device_entry *entry)
{
	while (*cursor < rules->count) {
		const struct device_rule *rule = &rules->items[(*cursor)++];
		const struct device_rule *twin =
			device_rules_find(rules, rule->selector ^ CGFENCE_SELECTOR_TYPES);
		uint8_t access = said(rule, deny);
		struct device_entry found = device_rule_entry(rule->selector, access);

		if (!access)
			continue;
		if (access == said(twin, deny)) {
			if (found.character)
				continue; /* returned with the block device */
			found.character = true;
		}
		*entry = found;
		return true;
	}
	return false;
}

void device_rules_free(struct device_rules *rules)
{
	free(rules->items);
	*rules = (struct device_rules){ 0 };
}

uint64_t device_selector_meet(uint64_t a, uint64_t b)
{
	const uint64_t wildcards = CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR;
	const uint64_t majors = (uint64_t)CGFENCE_MAJOR_MAX << CGFENCE_SELECTOR_MINOR_BITS;
	uint64_t must_agree = CGFENCE_SELECTOR_TYPES;

	if (!((a | b) & CGFENCE_SELECTOR_ANY_MAJOR))
		must_agree |= majors;
	if (!((a | b) & CGFENCE_SELECTOR_ANY_MINOR))
		must_agree |= CGFENCE_MINOR_MAX;
	if ((a ^ b) & must_agree)
		return 0;
	/* The number of a wildcard is 0, so the number of the other selector remains. */
	return ((a | b) & ~wildcards) | (a & b & wildcards);
}

struct device_entry device_rule_entry(uint64_t selector, uint8_t access)
{
	bool character = cgfence_selector_type(selector) == TYPE_CHAR;

	return (struct device_entry){
		.block = !character,
		.character = character,
		.any_major = selector & CGFENCE_SELECTOR_ANY_MAJOR,
		.any_minor = selector & CGFENCE_SELECTOR_ANY_MINOR,
		.major = cgfence_selector_major(selector),
		.minor = cgfence_selector_minor(selector),
		.access = access,
	};
}
