/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The set of rules that a policy makes of device entries. */
#pragma once

#include "policy/device_entry.h"

/* Everything a policy allows and denies for one selector. */
struct device_rule {
	uint64_t selector; /* of cgfence_device_selector() */
	uint8_t allow;	   /* BPF_DEVCG_ACC_* */
	uint8_t deny;	   /* BPF_DEVCG_ACC_* */
};

/* After device_rules_normalise(): sorted by selector, no selector twice. */
struct device_rules {
	struct device_rule *items;
	size_t count;
	size_t capacity;
};

/** device_rules_add() - add an entry to @rules, as allow or as deny. Return: 0 or -ENOMEM. */
int device_rules_add(struct device_rules *rules, const struct device_entry *entry, bool deny);

/** device_rules_normalise() - sort the rules, and unite those of the same selector. */
void device_rules_normalise(struct device_rules *rules);

/** device_rules_find() - the rule of a selector in normalised @rules, or NULL. */
const struct device_rule *device_rules_find(const struct device_rules *rules, uint64_t selector);

/** device_rules_copy() - @copy receives a copy of @rules, to be given to device_rules_free(). Return: 0 or -ENOMEM. */
int device_rules_copy(const struct device_rules *rules, struct device_rules *copy);

/** device_rules_drop_empty() - drop the rules that allow and deny nothing. */
void device_rules_drop_empty(struct device_rules *rules);

/** device_rules_drop_common() - drop from two normalised sets the access that both allow, or that both deny. */
void device_rules_drop_common(struct device_rules *a, struct device_rules *b);

/**
 * device_rules_next() - walk normalised rules as the fewest entries: a rule for both types is one entry of type "a".
 * @deny: walk the rules that deny, else those that allow
 * @cursor: 0 at first, then as the last call left it
 * @entry: receives the next entry
 *
 * Return: false at the end.
 */
bool device_rules_next(const struct device_rules *rules, bool deny, size_t *cursor,
		       struct device_entry *entry);

/** device_rules_free() - free the items. */
void device_rules_free(struct device_rules *rules);

/** device_entry_selector() - the selector of an entry for one of its types, BPF_DEVCG_DEV_*. */
uint64_t device_entry_selector(const struct device_entry *entry, uint32_t type);

/** device_selector_meet() - the selector of the devices that both selectors select, 0 if there are none. */
uint64_t device_selector_meet(uint64_t a, uint64_t b);

/** device_rule_entry() - the entry with this selector and access. */
struct device_entry device_rule_entry(uint64_t selector, uint8_t access);
