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

Test(policy, ports_are_added_to_those_that_it_assigns)
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

Test(policy, ports_that_are_none_are_not_added)
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
