// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/exceptions.h"

#include <errno.h>

static struct list_rule *find(const struct list_rules *exceptions, const struct list_rule *rule)
{
	for (size_t i = 0; i < exceptions->count; i++) {
		if (list_rule_same(&exceptions->items[i], rule))
			return &exceptions->items[i];
	}
	return NULL;
}

/* Is @wider an exception with a '*' where the rule has a number, and with a letter of the rule? */
static bool is_part_of(const struct list_rule *rule, const struct list_rule *wider)
{
	return !list_rule_same(rule, wider) && rule->type == wider->type &&
	       (wider->any_major || (!rule->any_major && rule->major == wider->major)) &&
	       (wider->any_minor || (!rule->any_minor && rule->minor == wider->minor)) &&
	       rule->access & wider->access;
}

static int add(struct list_rules *exceptions, const struct list_rule *rule)
{
	struct list_rule *old = find(exceptions, rule);

	if (!old)
		return list_rules_add(exceptions, rule);
	old->access |= rule->access;
	old->place = rule->place;
	old->built_in &= rule->built_in;
	return 0;
}

static bool makes_hole(const struct list_rules *exceptions, const struct list_rule *rule)
{
	for (size_t i = 0; exceptions->items && i < exceptions->count; i++) {
		if (is_part_of(rule, &exceptions->items[i]))
			return true;
	}
	return false;
}

/* Return: did that change anything? */
static bool take_out(struct list_rules *exceptions, const struct list_rule *rule)
{
	struct list_rule *old = find(exceptions, rule);

	if (!old || !(old->access & rule->access))
		return false;
	old->access &= (uint8_t)~rule->access;
	old->place = rule->place;
	if (!old->access) {
		/* The last one takes its place. */
		exceptions->count--;
		*old = old[&exceptions->items[exceptions->count] - old];
	}
	return true;
}

static int apply(const struct list_rules *rules, unsigned int flags, exceptions_callback *tell,
		 void *context, struct device_list *list, const struct list_rule **hole)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct list_rule *rule = &rules->items[i];

		if (rule->type == 'a') {
			list->default_allow = rule->allow;
			list->rules.count = 0;
		} else if (rule->allow != list->default_allow) {
			if (add(&list->rules, rule))
				return -ENOMEM;
		} else if (flags & EXCEPTIONS_REFUSE_HOLES && makes_hole(&list->rules, rule)) {
			*hole = rule;
			return -EINVAL;
		} else if (!take_out(&list->rules, rule) && !rule->built_in) {
			tell(rule, context);
		}
	}
	return 0;
}

int exceptions_make_list(const struct list_rules *rules, unsigned int flags,
			 exceptions_callback *tell, void *context, struct device_list *list,
			 const struct list_rule **hole)
{
	struct device_list made = { .default_allow = flags & EXCEPTIONS_ALLOW_AT_FIRST };
	int result = apply(rules, flags, tell, context, &made, hole);

	if (result)
		device_list_free(&made);
	else
		*list = made;
	return result;
}
