// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

#include <string.h>

Test(policy, freeing_nothing_is_fine)
{
	cgfence_policy_free(NULL);
}

Test(policy, knows_the_cgroup_that_it_names)
{
	cleanup_policy struct cgfence_policy *named =
		policy_text_parse("{`cgroup`: `a/*`, `devices`: {}}");
	cleanup_policy struct cgfence_policy *unnamed = policy_text_parse("{`devices`: {}}");

	cr_expect_str_eq(cgfence_policy_cgroup(named), "a/*");
	cr_expect_null(cgfence_policy_cgroup(unnamed));
}
