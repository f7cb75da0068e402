// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/edit_case.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

static struct cgfence_edit *parse_ports(enum cgfence_edit_action action, const char *operand)
{
	struct cgfence_edit *edit = NULL;
	struct cgfence_error error = { 0 };
	char protocol[4];

	snprintf(protocol, sizeof(protocol), "%.3s", operand);
	cr_assert_eq(cgfence_edit_parse_ports(action, protocol, operand + 4, &edit, &error), 0,
		     "%s", error.text);
	return edit;
}

static void expect_port_edits(const struct edit_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_edit struct cgfence_edit *edit =
			parse_ports(cases[i].action, cases[i].operand);
		const char *after = cases[i].after;

		if (after && strcmp(after, "same") == 0)
			after = cases[i].before;
		if (!after) {
			edit_case_expect(&cases[i], edit, cases[i].before, NULL);
			continue;
		}
		cleanup_policy struct cgfence_policy *expected = policy_text_parse(after);
		cleanup_free char *text = policy_text_format(expected);

		edit_case_expect(&cases[i], edit, cases[i].before, text);
	}
	policy_text_expect_no_leak();
}

Test(policy_edit, ports_are_added_and_taken_away)
{
	static const struct edit_case cases[] = {
		{ "{`ports`:{}}", CGFENCE_ALLOW, "tcp 80", "{`ports`:{`tcp`:[80]}}", NULL },
		{ "{`ports`:[80]}", CGFENCE_ALLOW, "udp 81-90",
		  "{`ports`:{`tcp`:[80],`udp`:[`80-90`]}}", NULL },
		{ "{`ports`:{`tcp`:[`80-90`]}}", CGFENCE_ALLOW, "tcp 85", "same", NULL },
		{ "{`ports`:{`tcp`:[80]}}", CGFENCE_ALLOW, "tcp ipv4:81,ipv6:81 90",
		  "{`ports`:{`tcp`:[`80-81`,90]}}", NULL },
		{ "{`ports`:{`tcp`:[80]}}", CGFENCE_ALLOW, "tcp any", "{`ports`:{`tcp`:`any`}}",
		  NULL },
		{ "{`ports`:{`tcp`:[`80-90`],`sctp`:`any`}}", CGFENCE_REVOKE, "tcp 85",
		  "{`ports`:{`tcp`:[`80-84`,`86-90`],`sctp`:`any`}}", NULL },
		{ "{`ports`:`any`}", CGFENCE_REVOKE, "tcp 22",
		  "{`ports`:{`tcp`:[`1-21`,`23-65535`],`udp`:`any`}}", NULL },
		{ "{`ports`:{`tcp`:[80]}}", CGFENCE_REVOKE, "tcp ipv6:80",
		  "{`ports`:{`tcp`:[`ipv4:80`]}}", NULL },
		{ "{`ports`:{`tcp`:[80]}}", CGFENCE_REVOKE, "udp 80", "same", NULL },
		{ "{`ports`:`any`}", CGFENCE_REVOKE, "tcp any", "{`ports`:{`udp`:`any`}}", NULL },
		/* All else stays. */
		{ "{`name`:`web`,`enforce`:false,`devices`:{`defaults`:true},`ports`:[80],`netns`:`any`,`privileged_ports`:true,`on_violation`:`kill`}",
		  CGFENCE_REVOKE, "tcp 80",
		  "{`name`:`web`,`enforce`:false,`devices`:{`defaults`:true},`ports`:{`udp`:[80]},`netns`:`any`,`privileged_ports`:true,`on_violation`:`kill`}",
		  NULL },
	};

	expect_port_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit, ports_outside_the_isolated_range_cannot_be_revoked)
{
	static const struct edit_case cases[] = {
		{ "{`ports`:[80],`isolated_range`:[`1-1000`]}", CGFENCE_REVOKE, "tcp 80,2000-2010",
		  NULL,
		  "'2000-2010' is outside the isolated range of its policy, where every port is allowed; revoke ports inside it, or attach a policy with a wider one" },
		{ "{`ports`:{`tcp`:[80]},`isolated_range`:[`1-1000`]}", CGFENCE_REVOKE, "tcp 80",
		  "{`ports`:{},`isolated_range`:[`1-1000`]}", NULL },
		{ "{`ports`:{`tcp`:[80]},`isolated_range`:[`1-1000`]}", CGFENCE_REVOKE, "tcp any",
		  "{`ports`:{},`isolated_range`:[`1-1000`]}", NULL },
	};

	expect_port_edits(cases, ARRAY_SIZE(cases));
}

Test(policy_edit, a_section_that_is_not_fenced_cannot_be_edited)
{
	static const struct edit_case ports[] = {
		{ "{`devices`:{}}", CGFENCE_ALLOW, "tcp 80", NULL,
		  "its policy does not fence ports, so all are allowed and there is nothing to allow; attach a policy with a \"ports\" section to fence them" },
	};
	static const struct edit_case device = {
		"{`ports`:[]}", CGFENCE_REVOKE, "c 1:3 r", NULL,
		"its policy does not fence devices, so all are allowed and there is nothing to revoke; attach a policy with a \"devices\" section to fence them"
	};
	cleanup_edit struct cgfence_edit *edit = edit_case_parse_device(&device);

	expect_port_edits(ports, ARRAY_SIZE(ports));
	edit_case_expect(&device, edit, device.before, NULL);
}
