// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/device_list.h"
#include "base/array.h"

#include <errno.h>

int list_rules_add(struct list_rules *rules, const struct list_rule *rule)
{
	struct list_rule *items =
		array_with_room(rules->items, rules->count, &rules->capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	rules->items = items;
	rules->items[rules->count++] = *rule;
	return 0;
}

int list_rules_add_built_in(struct list_rules *rules, char type, int major, int minor,
			    uint8_t access)
{
	const struct list_rule rule = {
		.allow = true,
		.type = type,
		.any_major = major < 0,
		.any_minor = minor < 0,
		.major = major < 0 ? 0 : (uint32_t)major,
		.minor = minor < 0 ? 0 : (uint32_t)minor,
		.access = access,
		.built_in = true,
	};

	return list_rules_add(rules, &rule);
}

void list_rules_free(struct list_rules *rules)
{
	free(rules->items);
	*rules = (struct list_rules){ 0 };
}

bool list_rule_same(const struct list_rule *a, const struct list_rule *b)
{
	return a->type == b->type && a->any_major == b->any_major && a->any_minor == b->any_minor &&
	       a->major == b->major && a->minor == b->minor;
}

bool list_rule_selects(const struct list_rule *rule, char type, uint32_t major, uint32_t minor)
{
	return (rule->type == 'a' || rule->type == type) &&
	       (rule->any_major || rule->major == major) &&
	       (rule->any_minor || rule->minor == minor);
}

bool device_list_allows(const struct device_list *list, char type, uint32_t major, uint32_t minor,
			uint8_t access)
{
	for (size_t i = 0; i < list->rules.count; i++) {
		const struct list_rule *rule = &list->rules.items[i];
		bool matches = list->overlap ? access & rule->access : !(access & ~rule->access);

		if (matches && list_rule_selects(rule, type, major, minor))
			return rule->allow;
	}
	return list->default_allow;
}

void device_list_free(struct device_list *list)
{
	list_rules_free(&list->rules);
}
