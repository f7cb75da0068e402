// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

#include <string.h>

Test(policy_additions, a_name_is_given_only_to_a_policy_that_has_none)
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

Test(policy_additions, ports_are_added_to_those_that_it_assigns)
{
	static const struct {
		const char *before;
		const char *protocol;
		const char *ports;
		const char *after;
	} cases[] = {
		{ "{`ports`: [80]}", "tcp", "8080,31000-31005",
		  "{`ports`: {`tcp`: [80, 8080, `31000-31005`], `udp`: [80]}}" },
		{ "{`ports`: {`tcp`: `any`, `sctp`: `any`}}", "udp", "ipv6:53",
		  "{`ports`: {`tcp`: `any`, `udp`: [`ipv6:53`], `sctp`: `any`}}" },
		{ "{`ports`: []}", "tcp", "any", "{`ports`: {`tcp`: `any`}}" },
		/* Without a section it gets one, in which the other protocol has none. */
		{ "{`devices`: {}}", "tcp", "80", "{`devices`: {}, `ports`: {`tcp`: [80]}}" },
		{ "{`devices`: {}, `netns`: `any`, `isolated_range`: [80]}", "udp", "80",
		  "{`devices`: {}, `ports`: {`udp`: [80]}, `netns`: `any`, `isolated_range`: [80]}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(cases[i].before);
		cleanup_policy struct cgfence_policy *right = policy_text_parse(cases[i].after);
		struct cgfence_error error = { 0 };

		cr_assert_eq(cgfence_policy_add_ports(policy, cases[i].protocol, cases[i].ports,
						      &error),
			     0, "%s", error.text);
		policy_text_expect_same(policy, right, cases[i].before);
	}
	policy_text_expect_no_leak();
}

Test(policy_additions, ports_that_are_none_are_not_added)
{
	static const struct {
		const char *protocol;
		const char *ports;
		const char *message;
	} cases[] = {
		{ "tcp", "80,0", "'0': a port is a number from 1 to 65535" },
		{ "tcp", "", "no port is given" },
		{ "sctp", "80", "unknown protocol 'sctp'; give tcp or udp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`devices`: {}}");
		cleanup_policy struct cgfence_policy *right = policy_text_parse("{`devices`: {}}");
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_policy_add_ports(policy, cases[i].protocol, cases[i].ports,
						      &error),
			     -EINVAL);
		cr_expect(error.invalid_input);
		cr_expect_eq(strncmp(error.text, cases[i].message, strlen(cases[i].message)), 0,
			     "%s", error.text);
		policy_text_expect_same(policy, right, cases[i].ports);
	}
	policy_text_expect_no_leak();
}
