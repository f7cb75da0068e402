// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/conflicts.h"
#include "base/cleanup.h"
#include "base/splitmix64.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

Test(conflicts, names_of_one_cgroup_become_one)
{
	static const struct cgroup2_mount whole = { .root = (char *)"/", .point = (char *)"/cg" };
	static const struct cgroup2_mount part = { .root = (char *)"/a", .point = (char *)"/mnt" };
	static const struct {
		const char *name;
		const struct cgroup2_mount *mount;
		const char *normalised;
	} cases[] = {
		{ "a/b", NULL, "/a/b" },
		{ "/a/b", NULL, "/a/b" },
		{ "//a/./b///", NULL, "/a/b" },
		{ "/a/../b", NULL, "/a/../b" },
		{ "/a/..b/.c", NULL, "/a/..b/.c" },
		{ "/", NULL, "/" },
		{ ".", NULL, "/" },
		{ "a/web-*.service", NULL, "/a/web-*.service" },
		{ "/cg/a/b", &whole, "/a/b" },
		{ "/cg", &whole, "/" },
		{ "/cgroup", &whole, "/cgroup" },
		{ "/mnt/b", &part, "/a/b" },
		{ "/mnt", &part, "/a" },
		{ "pid:1", NULL, "pid:1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *normalised = conflicts_normalise(cases[i].name, cases[i].mount);

		cr_expect_str_eq(normalised, cases[i].normalised, "'%s': %s", cases[i].name,
				 normalised);
	}
	policy_text_expect_no_leak();
}

/* The same by comparing each with all before it. */
Test(conflicts, are_told_of_the_first_of_the_same_name)
{
	static const char *const names[] = { "/a", "/b", "/a/b", "/a*", NULL };
	uint64_t state = 21;

	for (int i = 0; i < 300; i++) {
		struct named_policy policies[12] = { 0 };
		size_t count = splitmix64_next(&state) % (ARRAY_SIZE(policies) + 1);

		for (size_t j = 0; j < count; j++)
			policies[j].cgroup = names[splitmix64_next(&state) % ARRAY_SIZE(names)];
		cr_assert_eq(conflicts_find(policies, count), 0);
		for (size_t j = 0; j < count; j++) {
			const struct named_policy *first = NULL;

			for (size_t k = 0; k < j && policies[j].cgroup && !first; k++) {
				if (policies[k].cgroup == policies[j].cgroup)
					first = &policies[k];
			}
			cr_assert_eq(policies[j].conflict, first, "%zu of %zu", j, count);
		}
	}
	policy_text_expect_no_leak();
}

Test(conflicts, the_error_names_both_files)
{
	struct cgfence_error error = { 0 };

	cr_expect_eq(conflicts_refuse("x.json", "y.json", "/a", &error), -EINVAL);
	cr_expect(error.invalid_input);
	cr_expect_eq(strncmp(error.text, "x.json and y.json both name the cgroup /a; ", 43), 0,
		     "%s", error.text);
}
