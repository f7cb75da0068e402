// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/edit_case.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

static void expect_device_edits(const struct edit_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_edit struct cgfence_edit *edit = edit_case_parse_device(&cases[i]);
		const char *after = cases[i].after;
		char before_text[512];
		char after_text[512];

		if (after && strcmp(after, "same") == 0)
			after = cases[i].before;
		snprintf(before_text, sizeof(before_text), "{`devices`:{%s}}", cases[i].before);
		if (after) {
			snprintf(after_text, sizeof(after_text), "{`devices`:{%s}}", after);
			cleanup_policy struct cgfence_policy *expected =
				policy_text_parse(after_text);
			cleanup_free char *text = policy_text_format(expected);

			edit_case_expect(&cases[i], edit, before_text, text);
		} else {
			edit_case_expect(&cases[i], edit, before_text, NULL);
		}
	}
	policy_text_expect_no_leak();
}

#define DEFAULTS "`defaults`:true"

Test(policy_edit_devices, revoke_trims_what_an_entry_grants_exactly)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[`c 1:3 rw`]", CGFENCE_REVOKE, "c 1:3 w", "`allow`:[`c 1:3 r`]", NULL },
		{ "`allow`:[`c 1:3 rw`]", CGFENCE_REVOKE, "c 1:3 rwm", "`allow`:[]", NULL },
		{ "`allow`:[`c 1:* rw`]", CGFENCE_REVOKE, "c 1:* w", "`allow`:[`c 1:* r`]", NULL },
		/* Type a is both types, and one of them can be revoked alone. */
		{ "`allow`:[`a 1:3 rw`]", CGFENCE_REVOKE, "c 1:3 w",
		  "`allow`:[`b 1:3 rw`,`c 1:3 r`]", NULL },
		{ "`allow`:[`a 1:3 rw`]", CGFENCE_REVOKE, "a 1:3 w", "`allow`:[`a 1:3 r`]", NULL },
		/* What an entry for fewer devices grants is granted too. */
		{ "`allow`:[`c 1:3 rw`,`c 1:5 r`,`c 2:3 w`]", CGFENCE_REVOKE, "c 1:* w",
		  "`allow`:[`c 1:3 r`,`c 1:5 r`,`c 2:3 w`]", NULL },
		{ "`allow`:[`c 1:3 rw`,`c 2:3 w`]", CGFENCE_REVOKE, "c *:3 w",
		  "`allow`:[`c 1:3 r`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, revoke_denies_what_a_wildcard_grants)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[`c 1:* rw`]", CGFENCE_REVOKE, "c 1:3 w",
		  "`allow`:[`c 1:* rw`],`deny`:[`c 1:3 w`]", NULL },
		{ "`allow`:[`c *:* rw`]", CGFENCE_REVOKE, "c 1:* w",
		  "`allow`:[`c *:* rw`],`deny`:[`c 1:* w`]", NULL },
		/* Only what is granted needs to be denied. */
		{ "`allow`:[`c 1:* r`]", CGFENCE_REVOKE, "c 1:3 rw",
		  "`allow`:[`c 1:* r`],`deny`:[`c 1:3 r`]", NULL },
		/* Trimmed, and still granted by a wildcard. */
		{ "`allow`:[`c 1:3 rwm`,`c 1:* r`]", CGFENCE_REVOKE, "c 1:3 rw",
		  "`allow`:[`c 1:3 m`,`c 1:* r`],`deny`:[`c 1:3 r`]", NULL },
		/* A wildcard in the other place grants a part. */
		{ "`allow`:[`c *:3 rw`]", CGFENCE_REVOKE, "c 1:* w",
		  "`allow`:[`c *:3 rw`],`deny`:[`c 1:* w`]", NULL },
		{ "`allow`:[`c 1:* rw`],`deny`:[`c 1:3 r`]", CGFENCE_REVOKE, "c 1:3 w",
		  "`allow`:[`c 1:* rw`],`deny`:[`c 1:3 rw`]", NULL },
		/* A deny entry for fewer devices has nothing left to say. */
		{ "`allow`:[`c *:* rw`],`deny`:[`c 1:3 rw`]", CGFENCE_REVOKE, "c 1:* w",
		  "`allow`:[`c *:* rw`],`deny`:[`c 1:3 r`,`c 1:* w`]", NULL },
		/* Each type has its own wildcard. */
		{ "`allow`:[`c 1:* rw`,`b 1:3 w`]", CGFENCE_REVOKE, "a 1:3 w",
		  "`allow`:[`c 1:* rw`],`deny`:[`c 1:3 w`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, revoke_leaves_the_defaults_whole_and_denies)
{
	static const struct edit_case cases[] = {
		{ DEFAULTS, CGFENCE_REVOKE, "c 1:3 w", DEFAULTS ",`deny`:[`c 1:3 w`]", NULL },
		{ DEFAULTS, CGFENCE_REVOKE, "a *:* m", DEFAULTS ",`deny`:[`a *:* m`]", NULL },
		{ DEFAULTS, CGFENCE_REVOKE, "c 136:5 rw", DEFAULTS ",`deny`:[`c 136:5 rw`]", NULL },
		{ DEFAULTS ",`allow`:[`c 1:* rw`]", CGFENCE_REVOKE, "c 1:* w",
		  DEFAULTS ",`allow`:[`c 1:* r`],`deny`:[`c 1:* w`]", NULL },
		{ DEFAULTS ",`allow`:[`c 10:229 rwm`]", CGFENCE_REVOKE, "c *:* m",
		  DEFAULTS ",`allow`:[`c 10:229 rw`],`deny`:[`c *:* m`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, revoke_of_what_is_not_granted_changes_nothing)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[`c 1:3 r`]", CGFENCE_REVOKE, "c 1:3 w", "same", NULL },
		{ "`allow`:[`c 1:3 r`]", CGFENCE_REVOKE, "b 1:3 r", "same", NULL },
		{ "`allow`:[`c 1:3 r`]", CGFENCE_REVOKE, "c 1:5 r", "same", NULL },
		{ "`allow`:[]", CGFENCE_REVOKE, "a *:* rwm", "same", NULL },
		/* Denied already, for this device, for more, or for each that is granted. */
		{ DEFAULTS ",`deny`:[`c 1:3 w`]", CGFENCE_REVOKE, "c 1:3 w", "same", NULL },
		{ DEFAULTS ",`deny`:[`a *:* m`]", CGFENCE_REVOKE, "c 1:3 m", "same", NULL },
		{ "`allow`:[`c *:* r`],`deny`:[`c *:3 r`]", CGFENCE_REVOKE, "c 1:3 r", "same",
		  NULL },
		{ DEFAULTS ",`deny`:[`c 4:0 w`,`c 4:1 w`]", CGFENCE_REVOKE, "c 4:* w", "same",
		  NULL },
		/* Nothing is tidied up on the way. */
		{ "`allow`:[`c 1:3 r`,`c 1:* r`]", CGFENCE_REVOKE, "c 1:* w", "same", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, allow_adds_only_what_no_entry_grants)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[]", CGFENCE_ALLOW, "c 1:3 rw", "`allow`:[`c 1:3 rw`]", NULL },
		{ "`allow`:[`c 1:3 r`]", CGFENCE_ALLOW, "c 1:3 w", "`allow`:[`c 1:3 rw`]", NULL },
		{ "`allow`:[`c 1:3 rw`]", CGFENCE_ALLOW, "c 1:3 w", "same", NULL },
		{ "`allow`:[`c 1:* rw`]", CGFENCE_ALLOW, "c 1:3 r", "same", NULL },
		{ DEFAULTS, CGFENCE_ALLOW, "c 1:3 rwm", "same", NULL },
		{ DEFAULTS, CGFENCE_ALLOW, "b 8:0 m", "same", NULL },
		/* Different entries do not add up, so the entry has to grant all of it. */
		{ "`allow`:[`c 1:* r`]", CGFENCE_ALLOW, "c 1:3 rw",
		  "`allow`:[`c 1:* r`,`c 1:3 rw`]", NULL },
		{ DEFAULTS, CGFENCE_ALLOW, "c 10:229 rwm", DEFAULTS ",`allow`:[`c 10:229 rwm`]",
		  NULL },
		{ "`allow`:[`b 1:3 r`]", CGFENCE_ALLOW, "c 1:3 r", "`allow`:[`a 1:3 r`]", NULL },
		{ "`allow`:[`b 1:* r`]", CGFENCE_ALLOW, "a 1:3 r", "`allow`:[`b 1:* r`,`c 1:3 r`]",
		  NULL },
		/* Entries for fewer devices have nothing left to say, unless they grant more. */
		{ "`allow`:[`c 1:3 r`,`c 1:5 rw`]", CGFENCE_ALLOW, "c 1:* r",
		  "`allow`:[`c 1:5 rw`,`c 1:* r`]", NULL },
		{ DEFAULTS ",`allow`:[`c 1:11 r`]", CGFENCE_ALLOW, "c 1:* rwm",
		  DEFAULTS ",`allow`:[`c 1:* rwm`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, allow_takes_back_the_denials_it_covers)
{
	static const struct edit_case cases[] = {
		{ DEFAULTS ",`deny`:[`c 1:3 w`]", CGFENCE_ALLOW, "c 1:3 w", DEFAULTS, NULL },
		{ DEFAULTS ",`deny`:[`c 1:3 rw`]", CGFENCE_ALLOW, "c 1:3 w",
		  DEFAULTS ",`deny`:[`c 1:3 r`]", NULL },
		{ DEFAULTS ",`deny`:[`a *:* m`]", CGFENCE_ALLOW, "b *:* m",
		  DEFAULTS ",`deny`:[`c *:* m`]", NULL },
		{ "`allow`:[`c 1:* rw`],`deny`:[`c 1:3 w`,`c 1:5 rw`]", CGFENCE_ALLOW, "c 1:* w",
		  "`allow`:[`c 1:* rw`],`deny`:[`c 1:5 r`]", NULL },
		{ "`allow`:[],`deny`:[`c 1:3 w`]", CGFENCE_ALLOW, "c 1:3 w", "`allow`:[`c 1:3 w`]",
		  NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, allow_promises_nothing_that_a_wider_denial_takes)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[`c 1:3 r`],`deny`:[`c 1:* w`]", CGFENCE_ALLOW, "c 1:3 rw", NULL,
		  "the deny entry 'c 1:* w' would still refuse 'c 1:3 w'; leave that out, or allow 'c 1:* w' first" },
		{ DEFAULTS ",`deny`:[`a *:* m`]", CGFENCE_ALLOW, "c 10:229 rwm", NULL,
		  "the deny entry 'a *:* m' would still refuse 'c 10:229 m'; leave that out, or allow 'a *:* m' first" },
		/* It takes a part only. */
		{ "`deny`:[`c *:3 rw`]", CGFENCE_ALLOW, "c 1:* r", NULL,
		  "the deny entry 'c *:3 rw' would still refuse 'c 1:3 r'; leave that out, or allow 'c *:3 rw' first" },
		/* One of the two types suffices. */
		{ "`deny`:[`c *:3 r`]", CGFENCE_ALLOW, "a 1:3 r", NULL,
		  "the deny entry 'c *:3 r' would still refuse 'c 1:3 r'; leave that out, or allow 'c *:3 r' first" },
		/* It takes something else. */
		{ "`deny`:[`c 1:* w`,`b *:* r`,`c 2:* r`]", CGFENCE_ALLOW, "c 1:3 r",
		  "`allow`:[`c 1:3 r`],`deny`:[`c 1:* w`,`b *:* r`,`c 2:* r`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

/* The pattern stands for /dev/null and /dev/zero. */
Test(policy_edit_devices, words_for_several_devices_are_one_edit)
{
	static const struct edit_case cases[] = {
		{ "`allow`:[]", CGFENCE_ALLOW, "/dev/[nz][ue][lr][lo] r",
		  "`allow`:[`c 1:3 r`,`c 1:5 r`]", NULL },
		{ "`allow`:[`c 1:3 rw`,`c 1:5 r`,`c 1:7 r`]", CGFENCE_REVOKE,
		  "/dev/[nz][ue][lr][lo] r", "`allow`:[`c 1:3 w`,`c 1:7 r`]", NULL },
		{ "`allow`:[`c 1:3 r`],`deny`:[`c 1:* w`]", CGFENCE_ALLOW,
		  "/dev/[nz][ue][lr][lo] w", NULL,
		  "the deny entry 'c 1:* w' would still refuse 'c 1:3 w'; leave that out, or allow 'c 1:* w' first" },
		{ "`allow`:[`c 1:* r`]", CGFENCE_REVOKE, "c mem:* r", "`allow`:[]", NULL },
		{ "`allow`:[`c 1:* r`]", CGFENCE_ALLOW, "-c cgfence-absent:* r", "same", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit_devices, what_a_base_grants_is_denied_beside_it)
{
	static const struct edit_case cases[] = {
		{ "`defaults`:`systemd`", CGFENCE_REVOKE, "c 1:3 w",
		  "`defaults`:`systemd`,`deny`:[`c 1:3 w`]", NULL },
		{ "`defaults`:`systemd`", CGFENCE_REVOKE, "c 4:0 rw", "same", NULL },
		{ "`defaults`:`oci`", CGFENCE_REVOKE, "b *:* m",
		  "`defaults`:`oci`,`deny`:[`b *:* m`]", NULL },
	};

	expect_device_edits(cases, ARRAY_SIZE(cases));
}
