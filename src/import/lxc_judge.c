// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/lxc_judge.h"
#include "import/draft.h"
#include "import/ordered.h"

#include <string.h>

#define ALL_LETTERS 7

bool lxc_is_whole(const struct list_rule *rule)
{
	return rule->type == 'a' && rule->any_major && rule->any_minor && !rule->access;
}

/*
 * The rule that LXC turns round instead of adding another: one with the same words that has an effect
 * (bpf_list_add_device).
 */
static struct list_rule *find_same(const struct list_rules *kept, const struct list_rule *rule)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (list_rule_same(&kept->items[i], rule) &&
		    strcmp(kept->items[i].letters, rule->letters) == 0)
			return &kept->items[i];
	}
	return NULL;
}

/*
 * The list keeps only what says the opposite of its default; what says the same has no effect, except that it turns an
 * equal rule round, which then has none either.
 */
static int keep(const struct importing *import, const struct list_rule *rule,
		struct device_list *list)
{
	struct list_rule *same = find_same(&list->rules, rule);

	if (rule->allow != list->default_allow) {
		if (same)
			return 0;
		return ordered_add_rule(import, &list->rules, rule);
	}
	if (!same) {
		ordered_remark(import, rule,
			       list->default_allow
				       ? "has no effect on LXC after 'allow = a'; it is left out"
				       : "has no effect on LXC after 'deny = a'; it is left out");
		return 0;
	}
	memmove(same, same + 1,
		(size_t)(&list->rules.items[list->rules.count] - (same + 1)) * sizeof(*same));
	list->rules.count--;
	return 0;
}

/* The program that LXC makes of it has instructions that are never reached, which the kernel refuses. */
static void remark_everything(const struct importing *import, const struct list_rules *rules)
{
	const struct list_rule *rule = rules->items;

	for (; rule && rule < rules->items + rules->count; rule++) {
		if (rule->type == 'a' && rule->any_major && rule->any_minor &&
		    rule->access == ALL_LETTERS)
			ordered_remark(
				import, rule,
				"is for everything: LXC 5.0 starts no such container, and takes 'a' alone for it");
	}
}

/* @whole: the rule that denies everything; NULL if that is LXC's default */
static void remark_empty(const struct importing *import, const struct list_rule *whole)
{
	if (whole && !whole->built_in)
		ordered_remark(
			import, whole,
			"has no rule after it: LXC attaches no program then, and allows everything; the policy allows nothing, as the line says");
	else
		importing_remark(
			import,
			"%s: no rule is left: LXC attaches no program then, and allows everything; the policy allows nothing",
			import->sources[0].name);
}

int lxc_judge(struct importing *import, const struct list_rules *rules)
{
	cleanup_device_list struct device_list list = { 0 };
	const struct list_rule *whole = NULL;
	int result = 0;

	for (size_t i = 0; i < rules->count && result == 0; i++) {
		const struct list_rule *rule = &rules->items[i];

		if (lxc_is_whole(rule)) {
			whole = rule;
			list.default_allow = rule->allow;
			list.rules.count = 0;
			continue;
		}
		result = keep(import, rule, &list);
	}
	if (result)
		return result;
	if (list.rules.count == 0 && !list.default_allow) {
		remark_empty(import, whole);
		return draft_devices(import);
	}
	remark_everything(import, &list.rules);
	return ordered_finish(import, &list);
}
