// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

Test(policy, a_name_is_given_only_to_a_policy_that_has_none)
{
	cleanup_policy struct cgfence_policy *named =
		policy_text_parse("{`name`: `own`, `devices`: {}}");
	cleanup_policy struct cgfence_policy *unnamed = policy_text_parse("{`devices`: {}}");

	cr_expect_null(cgfence_policy_name(unnamed));
	cr_expect_eq(cgfence_policy_set_name(named, "given", NULL), 0);
	cr_expect_eq(cgfence_policy_set_name(unnamed, "given", NULL), 0);
	cr_expect_str_eq(cgfence_policy_name(named), "own");
	cr_expect_str_eq(cgfence_policy_name(unnamed), "given");
}

Test(policy, equal_is_to_say_the_same)
{
	static const struct {
		const char *a;
		const char *b;
		bool equal;
	} cases[] = {
		{ "{`devices`: {}}", "{`enforce`: true, `devices`: {`defaults`: false}}", true },
		{ "{`devices`: {`allow`: [`a 1:3 r`]}}",
		  "{`devices`: {`allow`: [`c 1:3 r`, `b 1:3 r`, `c 1:3 r`]}}", true },
		{ "{`allowed_devices`: []}", "{`devices`: {`defaults`: true}}", true },
		{ "{`cgroup`: `/a`, `devices`: {}}", "{`cgroup`: `/b`, `devices`: {}}", true },
		{ "{`ports`: [`1-2`]}", "{`ports`: {`udp`: [2, 1], `tcp`: [1, 2]}}", true },
		{ "{`devices`: {}}", "{`devices`: {}, `enforce`: false}", false },
		{ "{`devices`: {}}", "{`devices`: {`defaults`: true}}", false },
		{ "{`devices`: {}}", "{`devices`: {}, `name`: `n`}", false },
		{ "{`devices`: {}}", "{`devices`: {}, `ports`: []}", false },
		{ "{`devices`: {`allow`: [`c 1:3 r`]}}", "{`devices`: {`deny`: [`c 1:3 r`]}}",
		  false },
		{ "{`ports`: [1]}", "{`ports`: [2]}", false },
		{ "{`ports`: [1]}", "{`ports`: [1], `isolated_range`: []}", false },
		{ "{`ports`: [1]}", "{`ports`: [1], `netns`: `any`}", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *a = policy_text_parse(cases[i].a);
		cleanup_policy struct cgfence_policy *b = policy_text_parse(cases[i].b);

		cr_expect_eq(policy_equal(a, b), cases[i].equal, "%s and %s", cases[i].a,
			     cases[i].b);
	}
}

Test(policy, freeing_nothing_is_fine)
{
	cgfence_policy_free(NULL);
}
