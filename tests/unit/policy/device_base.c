// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_base.h"
#include "unit/support/policy_text.h"

#include <cgfence/verdict.h>
#include <string.h>

#define ENTRIES_MAX 16

static const struct {
	enum device_base base;
	const char *entries[ENTRIES_MAX];
} cases[] = {
	{ DEVICE_BASE_NONE, { NULL } },
	/* docs/isolators/cgroups-devices.md of Mesos. */
	{ DEVICE_BASE_MESOS,
	  { "c *:* m", "b *:* m", "c 5:1 rwm", "c 4:0 rwm", "c 4:1 rwm", "c 136:* rwm", "c 5:2 rwm",
	    "c 10:200 rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:9 rwm",
	    "c 1:8 rwm" } },
	{ DEVICE_BASE_SYSTEMD,
	  { "a 0:0 rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
	    "c 5:0 rwm", "c 5:2 rwm", "c 136:* rw" } },
	{ DEVICE_BASE_OCI,
	  { "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
	    "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm" } },
};

Test(device_base, has_the_entries_of_its_model)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_rules rules = { 0 };
		struct device_rules right = { 0 };

		cr_assert_eq(device_base_add(&rules, cases[i].base), 0);
		for (int j = 0; cases[i].entries[j]; j++) {
			struct device_entry entry;

			cr_assert_eq(device_entry_parse(cases[i].entries[j], &entry, NULL), 0);
			cr_assert_eq(device_rules_add(&right, &entry, false), 0);
		}
		device_rules_normalise(&rules);
		device_rules_normalise(&right);
		cr_assert_eq(rules.count, right.count, "base %d", cases[i].base);
		for (size_t j = 0; j < right.count; j++) {
			const struct device_rule *rule = &right.items[j];

			cr_expect_eq(rules.items[j].selector, rule->selector);
			cr_expect_eq(rules.items[j].allow, rule->allow);
			cr_expect_eq(device_base_access(cases[i].base, rule->selector),
				     rule->allow);
		}
		cr_expect_eq(
			device_base_access(cases[i].base,
					   cgfence_device_selector(BPF_DEVCG_DEV_CHAR, 1, 4, 0)),
			0);
		device_rules_free(&rules);
		device_rules_free(&right);
	}
}
