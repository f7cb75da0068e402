// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "edit_case.h"
#include "base/cleanup.h"
#include "policy/edit.h"
#include "policy_text.h"

void edit_case_expect(const struct edit_case *one, const struct cgfence_edit *edit,
		      const char *before, const char *after)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(before);
	cleanup_free char *text_before = policy_text_format(policy);
	cleanup_policy struct cgfence_policy *edited = NULL;
	struct cgfence_error error = { 0 };
	int result = policy_edit(policy, edit, &edited, &error);
	cleanup_free char *text = edited ? policy_text_format(edited) : NULL;
	cleanup_free char *text_after = policy_text_format(policy);

	cr_expect_str_eq(text_after, text_before, "%s: the input was changed", one->operand);
	if (!after) {
		cr_expect_eq(result, -EINVAL, "%s %s: returned %d", before, one->operand, result);
		cr_expect_null(edited);
		cr_expect_str_eq(error.text, one->error, "%s %s:\n  is     %s\n  not    %s", before,
				 one->operand, error.text, one->error);
		return;
	}
	cr_assert_eq(result, 0, "%s %s: %s", before, one->operand, error.text);
	cr_expect_str_eq(text, after, "%s %s %s:\n  is     %s\n  not    %s", before,
			 one->action == CGFENCE_ALLOW ? "allow" : "revoke", one->operand, text,
			 after);
	/* What is shown is taken back as it is. */
	cleanup_policy struct cgfence_policy *again = policy_text_parse(text);
	policy_text_expect_same(edited, again, one->operand);
}

struct cgfence_edit *edit_case_parse_device(const struct edit_case *one)
{
	struct cgfence_edit *edit = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_edit_parse_device(one->action, one->operand, &edit, &error), 0, "%s",
		     error.text);
	return edit;
}
