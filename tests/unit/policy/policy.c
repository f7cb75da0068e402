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

Test(policy, freeing_nothing_is_fine)
{
	cgfence_policy_free(NULL);
}
