// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <string.h>

struct diff_case {
	const char *before; /* NULL for none */
	const char *after;
	const char *text;
};

static void expect_diffs(const struct diff_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct diff_case *one = &cases[i];
		cleanup_policy struct cgfence_policy *before =
			one->before ? policy_text_parse(one->before) : NULL;
		cleanup_policy struct cgfence_policy *after =
			one->after ? policy_text_parse(one->after) : NULL;
		cleanup_free char *text = NULL;
		struct cgfence_error error = { 0 };

		cr_assert_eq(cgfence_policy_diff(before, after, &text, &error), 0, "%s",
			     error.text);
		cr_expect_str_eq(text, one->text, "%s to %s:\n%s", one->before, one->after, text);
	}
	policy_text_expect_no_leak();
}

Test(policy_diff_text, devices)
{
	static const struct diff_case cases[] = {
		{ "{`devices`: {`allow`: [`c 1:3 rw`]}}", "{`devices`: {`allow`: [`c 1:3 wr`]}}",
		  "" },
		/* What is taken away, not what is left. */
		{ "{`devices`: {`allow`: [`c 1:3 rwm`]}}", "{`devices`: {`allow`: [`c 1:3 r`]}}",
		  "devices:\n- allow c 1:3 wm\n" },
		{ "{`devices`: {`allow`: [`c 1:3 r`], `deny`: [`b 8:* w`]}}",
		  "{`devices`: {`allow`: [`c 1:5 r`], `deny`: [`b 8:* w`, `c 1:3 w`]}}",
		  "devices:\n- allow c 1:3 r\n+ allow c 1:5 r\n+ deny c 1:3 w\n" },
		/* One line for both types, and one where only one type changes. */
		{ "{`devices`: {`allow`: [`a 1:3 rw`]}}", "{`devices`: {}}",
		  "devices:\n- allow a 1:3 rw\n" },
		{ "{`devices`: {`allow`: [`a 1:3 rw`]}}", "{`devices`: {`allow`: [`b 1:3 rw`]}}",
		  "devices:\n- allow c 1:3 rw\n" },
		/* The defaults are one word, and what is listed beside them is listed. */
		{ "{`devices`: {`defaults`: true}}", "{`devices`: {`allow`: [`c 1:3 rwm`]}}",
		  "devices:\n- defaults true\n+ defaults false\n+ allow c 1:3 rwm\n" },
		{ "{`devices`: {`defaults`: true}}",
		  "{`devices`: {`defaults`: true, `allow`: [`c 1:3 rw`]}}", "" },
	};

	expect_diffs(cases, ARRAY_SIZE(cases));
}

Test(policy_diff_text, exceptions)
{
	static const struct diff_case cases[] = {
		{ "{`devices`: {}}", "{`devices`: {}, `except`: [`b*`, `a`]}",
		  "policy:\n+ except [\"a\", \"b*\"]\n" },
		{ "{`devices`: {}, `except`: [`a`]}", "{`devices`: {}, `except`: [`\\u001b`]}",
		  "policy:\n- except [\"a\"]\n+ except [\"\\u001B\"]\n" },
		{ "{`devices`: {}, `except`: [`a`, `b`]}",
		  "{`devices`: {}, `except`: [`b`, `a`, `a`]}", "" },
	};

	expect_diffs(cases, ARRAY_SIZE(cases));
}

Test(policy_diff_text, ports_are_exact)
{
	static const struct diff_case cases[] = {
		{ "{`ports`: {`tcp`: [`31000-31005`]}}",
		  "{`ports`: {`tcp`: [`31000-31001`, `31003-31005`]}}", "ports:\n- tcp 31002\n" },
		{ "{`ports`: {`tcp`: [`31000-31005`]}}", "{`ports`: {`tcp`: [`31001-31006`]}}",
		  "ports:\n- tcp 31000\n+ tcp 31006\n" },
		{ "{`ports`: [`80-81`]}", "{`ports`: {`tcp`: [`80-81`], `udp`: [`ipv6:80-81`]}}",
		  "ports:\n- udp ipv4:80-81\n" },
		{ "{`ports`: []}", "{`ports`: `any`}", "ports:\n+ tcp any\n+ udp any\n" },
		{ "{`ports`: {`tcp`: `any`}}", "{`ports`: {`tcp`: [80]}}",
		  "ports:\n- tcp 1-79\n- tcp 81-65535\n" },
		{ "{`ports`: {`udp`: [1]}}", "{`ports`: {`udp`: [1], `sctp`: `any`}}",
		  "ports:\n+ sctp any\n" },
		{ "{`ports`: [], `isolated_range`: [`1-1023`]}",
		  "{`ports`: [], `isolated_range`: [`80-1023`]}",
		  "ports:\n- isolated_range 1-79\n" },
		{ "{`ports`: []}", "{`ports`: [], `isolated_range`: []}",
		  "ports:\n+ isolated_range none\n" },
		{ "{`ports`: [], `isolated_range`: []}", "{`ports`: []}",
		  "ports:\n- isolated_range none\n" },
		{ "{`ports`: []}", "{`ports`: [], `isolated_range`: `any`}",
		  "ports:\n+ isolated_range any\n" },
		{ "{`ports`: []}",
		  "{`ports`: [], `netns`: `any`, `privileged_ports`: true, `on_violation`: `kill`}",
		  "ports:\n- netns host\n+ netns any\n- privileged_ports false\n+ privileged_ports true\n"
		  "- on_violation log\n+ on_violation kill\n" },
	};

	expect_diffs(cases, ARRAY_SIZE(cases));
}

#define PORT_WORDS(sign) \
	sign " netns host\n" sign " privileged_ports false\n" sign " on_violation log\n"

Test(policy_diff_text, sections_and_whole_policies)
{
	static const struct diff_case cases[] = {
		{ "{`devices`: {}}", "{`devices`: {}, `ports`: [80]}",
		  "ports, not fenced before:\n+ tcp 80\n+ udp 80\n" PORT_WORDS("+") },
		{ "{`devices`: {`allow`: [`c 1:3 r`]}, `ports`: []}", "{`ports`: []}",
		  "devices, no longer fenced:\n- defaults false\n- allow c 1:3 r\n" },
		{ NULL, "{`name`: `web`, `devices`: {}, `ports`: {`udp`: [53]}}",
		  "policy:\n+ name \"web\"\n+ enforce true\ndevices, not fenced before:\n+ defaults false\n"
		  "ports, not fenced before:\n+ udp 53\n" PORT_WORDS("+") },
		{ "{`devices`: {`defaults`: true}}", NULL,
		  "policy:\n- enforce true\ndevices, no longer fenced:\n- defaults true\n" },
		{ NULL, NULL, "" },
		/* The keys about ports mean nothing where ports are not fenced. */
		{ "{`devices`: {}, `isolated_range`: [80], `netns`: `any`}", "{`devices`: {}}",
		  "" },
	};

	expect_diffs(cases, ARRAY_SIZE(cases));
}

Test(policy_diff_text, values_of_the_policy)
{
	static const struct diff_case cases[] = {
		{ "{`devices`: {}}", "{`devices`: {}, `enforce`: false}",
		  "policy:\n- enforce true\n+ enforce false\n" },
		{ "{`devices`: {}, `name`: `a`}", "{`devices`: {}, `name`: `b c`}",
		  "policy:\n- name \"a\"\n+ name \"b c\"\n" },
		{ "{`devices`: {}, `name`: `a`}", "{`devices`: {}}", "policy:\n- name \"a\"\n" },
		/* A terminal never sees it raw. */
		{ "{`devices`: {}}", "{`devices`: {}, `name`: `\\u001b[2J\\u009b\\n+ x`}",
		  "policy:\n+ name \"\\u001B[2J\\u009B\\n+ x\"\n" },
		/* The cgroup that is named makes no other policy. */
		{ "{`devices`: {}, `cgroup`: `/a`}", "{`devices`: {}, `cgroup`: `/b`}", "" },
	};

	expect_diffs(cases, ARRAY_SIZE(cases));
}
