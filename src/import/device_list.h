/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ordered lists of device rules, as container runtimes and the v1 controller take them, and what a dialect makes of one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands for every number that no rule names. Real majors and minors are smaller. */
#define LIST_OTHER UINT32_MAX

struct list_rule {
	bool allow;
	char type; /* a, b or c */
	bool any_major;
	bool any_minor;
	uint32_t major;
	uint32_t minor;
	uint8_t access;	 /* BPF_DEVCG_ACC_* */
	char letters[4]; /* the access as it was written */
	size_t place;	 /* the line, or the index in the list that the rule comes from */
	bool built_in;	 /* the dialect's own, so that it has no place */
};

struct list_rules {
	struct list_rule *items;
	size_t count;
	size_t capacity;
};

/* A list that a dialect has made sense of: the first rule that matches a request decides. */
struct device_list {
	bool default_allow;
	bool overlap; /* a rule matches what shares a bit with it, else only what lies within its access */
	struct list_rules rules;
};

/** list_rules_add() - add a copy of a rule. Return: 0 or -ENOMEM. */
int list_rules_add(struct list_rules *rules, const struct list_rule *rule);

/** list_rules_add_built_in() - add a rule of the dialect's own that allows; @major or @minor is -1 for any. */
int list_rules_add_built_in(struct list_rules *rules, char type, int major, int minor,
			    uint8_t access);

/** list_rules_free() - free the items. */
void list_rules_free(struct list_rules *rules);

#define cleanup_list_rules __attribute__((cleanup(list_rules_free)))

/** list_rule_same() - have two rules the same type and numbers? */
bool list_rule_same(const struct list_rule *a, const struct list_rule *b);

/** list_rule_selects() - is a rule about these devices? Type and numbers only; the numbers may be LIST_OTHER. */
bool list_rule_selects(const struct list_rule *rule, char type, uint32_t major, uint32_t minor);

/**
 * device_list_allows() - what the dialect says of a request.
 * @type: b or c
 * @major: or LIST_OTHER
 * @minor: or LIST_OTHER
 * @access: BPF_DEVCG_ACC_* bits
 */
bool device_list_allows(const struct device_list *list, char type, uint32_t major, uint32_t minor,
			uint8_t access);

/** device_list_free() - free the rules. */
void device_list_free(struct device_list *list);

#define cleanup_device_list __attribute__((cleanup(device_list_free)))
