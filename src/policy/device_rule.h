/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device entries as text, and the set of rules that a policy makes of them. */
#pragma once

#include <cgfence/cgfence.h>

/* Everything a policy says of one selector. */
struct device_rule {
	uint64_t selector; /* of cgfence_device_selector() */
	uint8_t allow;	   /* BPF_DEVCG_ACC_* */
	uint8_t deny;	   /* BPF_DEVCG_ACC_* */
};

/* Sorted by selector, no selector twice, once device_rules_normalise() was called. */
struct device_rules {
	struct device_rule *items;
	size_t count;
	size_t capacity;
};

/* One entry of a policy. Type "a" is both types, literally: two rules. */
struct device_entry {
	bool block;
	bool character;
	bool any_major;
	bool any_minor;
	uint32_t major; /* 0 if any */
	uint32_t minor; /* 0 if any */
	uint8_t access; /* BPF_DEVCG_ACC_* */
};

/* Long enough for every entry as text, with its NUL. */
#define DEVICE_ENTRY_TEXT_SIZE 24

/**
 * device_entry_parse() - read "c 10:229 rw".
 * @text: type, selector and access, with one space between them
 * @entry: receives the entry
 * @error: receives what is wrong and what would be right; the caller adds the place and the value
 *
 * Return: 0 or -EINVAL.
 */
int device_entry_parse(const char *text, struct device_entry *entry, struct cgfence_error *error);

/** device_entry_format() - write an entry as device_entry_parse() reads it. */
void device_entry_format(const struct device_entry *entry, char text[DEVICE_ENTRY_TEXT_SIZE]);

/**
 * device_access_parse() - read access letters.
 * @text: a non-empty set of r, w and m, each at most once
 * @access: receives BPF_DEVCG_ACC_* bits
 */
int device_access_parse(const char *text, uint8_t *access, struct cgfence_error *error);

/**
 * device_path_resolve() - the entry for a device node.
 * @path: absolute; symbolic links are followed
 * @access: BPF_DEVCG_ACC_* bits
 */
int device_path_resolve(const char *path, uint8_t access, struct device_entry *entry,
			struct cgfence_error *error);

/**
 * device_operand_parse() - read an entry as an operator writes it: "c 10:229 rw", or "/dev/fuse rw" for the device that
 * is there now.
 */
int device_operand_parse(const char *text, struct device_entry *entry, struct cgfence_error *error);

/** device_rules_add() - add what an entry says to @rules, as allow or as deny. Return: 0 or -ENOMEM. */
int device_rules_add(struct device_rules *rules, const struct device_entry *entry, bool deny);

/** device_rules_add_defaults() - add the 14 entries that Mesos whitelists. Return: 0 or -ENOMEM. */
int device_rules_add_defaults(struct device_rules *rules);

/** device_rules_normalise() - sort, and unite rules of the same selector. */
void device_rules_normalise(struct device_rules *rules);

/** device_rules_find() - the rule of a selector in normalised @rules, or NULL. */
const struct device_rule *device_rules_find(const struct device_rules *rules, uint64_t selector);

/** device_rules_copy() - @copy receives a copy of @rules, to be given to device_rules_free(). Return: 0 or -ENOMEM. */
int device_rules_copy(const struct device_rules *rules, struct device_rules *copy);

/** device_rules_drop_empty() - drop the rules that neither allow nor deny anything. */
void device_rules_drop_empty(struct device_rules *rules);

/** device_rules_free() - free the items. */
void device_rules_free(struct device_rules *rules);

/** device_entry_selector() - what an entry selects among the devices of one of its types, BPF_DEVCG_DEV_*. */
uint64_t device_entry_selector(const struct device_entry *entry, uint32_t type);

/** device_selector_meet() - the selector of the devices that both select, 0 if there are none. */
uint64_t device_selector_meet(uint64_t a, uint64_t b);

/** device_default_access() - what the default entry of a selector grants, 0 if it has none. */
uint8_t device_default_access(uint64_t selector);

/** device_rule_entry() - the entry that says @access of @selector. */
struct device_entry device_rule_entry(uint64_t selector, uint8_t access);
