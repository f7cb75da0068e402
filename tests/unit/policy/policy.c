// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

#include <stdlib.h>
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

Test(policy, that_waits_for_a_container_is_filled_with_its_devices)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`devices`: {`defaults`: `container`, `allow`: [`c 1:3 r`], `deny`: [`c 10:200 w`]}}");
	cleanup_policy struct cgfence_policy *given = policy_text_parse(
		"{`devices`: {`allow`: [`c 1:3 w`, `c 10:* rw`], `deny`: [`c 10:229 w`]}}");
	struct cgfence_error error = { 0 };
	char *text = NULL;

	cr_assert(cgfence_policy_needs_container(policy));
	cr_expect_eq(cgfence_policy_format(policy, &text, &error), -EINVAL);
	cr_expect(strstr(error.text, "only oci-hook"), "%s", error.text);
	cr_assert_eq(cgfence_policy_fill_container(policy, given, NULL), 0);
	cr_expect_not(cgfence_policy_needs_container(policy));
	text = policy_text_format(policy);
	cr_expect_str_eq(
		text,
		"{\"enforce\": true,\"devices\": {\"defaults\": false,\"allow\": [\"c 1:3 rw\",\"c 10:* rw\"],\"deny\": [\"c 10:200 w\",\"c 10:229 w\"]}}",
		"%s", text);
	free(text);
	policy_text_expect_no_leak();
}
