// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/edit_words.h"
#include "base/cleanup.h"
#include "policy/memory.h"
#include "unit/support/edit_case.h"
#include "unit/support/policy_text.h"

#include <string.h>

/* What a fence remembers after an edit. */
static void expect(const struct edit_case *one)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(one->before);
	cleanup_edit struct cgfence_edit *edit = edit_case_parse_device(one);
	cleanup_policy struct cgfence_policy *edited = NULL;
	cleanup_policy struct cgfence_policy *wanted = NULL;
	cleanup_free char *packed = NULL;
	cleanup_free char *numbers = NULL;
	cleanup_free char *wanted_numbers = NULL;
	cleanup_free char *source = NULL;
	struct cgfence_error error = { 0 };
	bool same = strcmp(one->after, "same") == 0;
	bool changed = false;

	cr_assert_eq(policy_memory_pack(policy, &packed, &error), 0);
	cr_assert_eq(policy_edit_written(policy, packed, edit, &edited, &changed, &error), 0, "%s",
		     error.text);
	cr_expect_eq(changed, !same, "%s: %s", one->before, one->operand);
	if (same)
		return;
	source = policy_text_unquote(one->after);
	cr_expect_str_eq(edited->source, source, "%s:\n  is  %s\n  not %s", one->operand,
			 edited->source, source);
	/* The numbers are those of the words. */
	wanted = policy_text_parse(one->after);
	numbers = policy_text_format(edited);
	wanted_numbers = policy_text_format(wanted);
	cr_expect_str_eq(numbers, wanted_numbers);
}

Test(policy_edit_words, words_and_numbers)
{
	static const struct edit_case cases[] = {
		/* Numbers alone are written as show prints them, and the rest as it was. */
		{ "{`devices`:{`allow`:[`c 1:3 r`,`c 1:3 w`]},`name`:`x`}", CGFENCE_REVOKE,
		  "c 1:3 r",
		  "{`devices`:{`defaults`:false,`allow`:[`c 1:3 w`],`deny`:[]},`name`:`x`}", NULL },
		{ "{`devices`:{`allow`:[]}}", CGFENCE_ALLOW, "/dev/null r",
		  "{`devices`:{`allow`:[`/dev/null r`]}}", NULL },
		{ "{`devices`:{`deny`:[`/dev/null r`]}}", CGFENCE_ALLOW, "/dev/zero r",
		  "{`devices`:{`deny`:[`/dev/null r`],`allow`:[`/dev/zero r`]}}", NULL },
		{ "{`devices`:{`allow`:[`c *:* r`],`deny`:[`/dev/null rw`]}}", CGFENCE_ALLOW,
		  "/dev/null r", "{`devices`:{`allow`:[`c *:* r`],`deny`:[`/dev/null w`]}}", NULL },
		{ "{`devices`:{`allow`:[`c *:* r`],`deny`:[`/dev/null rw`]}}", CGFENCE_ALLOW,
		  "c 1:3 rw", "{`devices`:{`allow`:[`c *:* r`,`c 1:3 rw`],`deny`:[]}}", NULL },
		{ "{`devices`:{`allow`:[`-/dev/cgfence-none r`,`-/dev/null rw`]}}", CGFENCE_REVOKE,
		  "/dev/null r", "{`devices`:{`allow`:[`-/dev/cgfence-none r`,`-/dev/null w`]}}",
		  NULL },
		{ "{`devices`:{`allow`:[{`path`:`/dev/null`,`access`:`rw`},`c 1:5 r`]}}",
		  CGFENCE_REVOKE, "/dev/null r",
		  "{`devices`:{`allow`:[{`path`:`/dev/null`,`access`:`w`},`c 1:5 r`]}}", NULL },
		{ "{`devices`:{`allow`:[`/dev/null r`],`defaults`:`oci`}}", CGFENCE_REVOKE,
		  "c 1:3 r",
		  "{`devices`:{`allow`:[`/dev/null r`],`defaults`:`oci`,`deny`:[`c 1:3 r`]}}",
		  NULL },
		{ "{`devices`:{`allow`:[`c mem:* rw`,`a 1:3 r`]}}", CGFENCE_REVOKE, "c 1:3 r",
		  "{`devices`:{`allow`:[`c mem:* rw`,`a 1:3 r`],`deny`:[`c 1:3 r`]}}", NULL },
		{ "{`devices`:{`allow`:[`c 1:3 rw`,`/dev/zero r`]}}", CGFENCE_REVOKE, "c 1:3 w",
		  "{`devices`:{`allow`:[`c 1:3 r`,`/dev/zero r`]}}", NULL },
		{ "{`devices`:{`allow`:[`/dev/null rw`]}}", CGFENCE_ALLOW, "c 1:3 r", "same",
		  NULL },
		{ "{`devices`:{`allow`:[`/dev/null r`]}}", CGFENCE_REVOKE, "c 1:3 w", "same",
		  NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(&cases[i]);
	policy_text_expect_no_leak();
}

/* As of a fence that another version made. */
Test(policy_edit_words, without_a_memory_numbers_are_edited)
{
	static const struct edit_case one = { "{`devices`:{`allow`:[`/dev/null rw`]}}",
					      CGFENCE_REVOKE, "c 1:3 w", NULL, NULL };
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(one.before);
	cleanup_edit struct cgfence_edit *edit = edit_case_parse_device(&one);
	cleanup_policy struct cgfence_policy *edited = NULL;
	bool changed = false;

	cr_assert_eq(policy_edit_written(policy, NULL, edit, &edited, &changed, NULL), 0);
	cr_expect(changed);
	cr_expect_null(edited->source);
	cr_expect_null(edited->lookups.items);
}
