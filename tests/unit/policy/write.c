// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/image.h"
#include "policy/write.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <stdio.h>
#include <string.h>

struct format_case {
	const char *text;
	const char *formatted;
};

static void expect_formatted(const struct format_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *right = policy_text_unquote(cases[i].formatted);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(cases[i].text);
		cleanup_policy struct cgfence_policy *again = NULL;
		cleanup_free char *text = policy_text_format(policy);
		cleanup_free char *text_again = NULL;

		cr_expect_str_eq(text, right, "%s\n  is     %s\n  not    %s", cases[i].text, text,
				 right);
		again = policy_text_parse(text);
		text_again = policy_text_format(again);
		cr_expect_str_eq(text_again, text);
		policy_text_expect_same(policy, again, cases[i].text);
	}
}

/* Only the lists differ between these; what surrounds them is the same. */
Test(policy_write, device_lists)
{
	static const struct {
		const char *allow;
		const char *deny;
		const char *formatted_allow;
		const char *formatted_deny;
	} cases[] = {
		{ "", "", "", "" },
		{ "`c 1:3 mwr`", "", "`c 1:3 rwm`", "" },
		/* Repeated entries are written once. */
		{ "`c 1:3 r`, `c 1:3 r`", "", "`c 1:3 r`", "" },
		{ "`c 1:3 r`, `c 1:3 w`", "`c 1:3 m`, `c 1:3 rm`", "`c 1:3 rw`", "`c 1:3 rm`" },
		/* Overlapping selectors stay, since they do not add up. */
		{ "`c 1:3 r`, `c 1:* r`, `c *:* r`", "", "`c 1:3 r`,`c 1:* r`,`c *:* r`", "" },
		/* Type a is both types, and both types are type a. */
		{ "`a 1:3 r`", "", "`a 1:3 r`", "" },
		{ "`c 1:3 r`, `b 1:3 r`", "", "`a 1:3 r`", "" },
		{ "`a 1:3 r`, `c 1:3 w`", "", "`b 1:3 r`,`c 1:3 rw`", "" },
		{ "`a 1:3 r`, `c 1:3 w`, `b 1:3 w`", "", "`a 1:3 rw`", "" },
		{ "`c *:* r`, `b *:* r`", "`b 7:* w`, `c 7:* w`", "`a *:* r`", "`a 7:* w`" },
		{ "`c 1:3 r`", "`b 1:3 r`", "`c 1:3 r`", "`b 1:3 r`" },
		{ "`a 1:3 r`", "`c 1:3 r`", "`a 1:3 r`", "`c 1:3 r`" },
		{ "`b 1:3 r`, `c 1:4 r`", "", "`b 1:3 r`,`c 1:4 r`", "" },
		/* Sorted: exact numbers before wildcards. */
		{ "`c *:* r`, `c *:3 r`, `c 10:* r`, `c 2:* r`, `c 10:1 r`, `c 2:30 r`, `c 2:4 r`",
		  "", "`c 2:4 r`,`c 2:30 r`,`c 10:1 r`,`c 2:* r`,`c 10:* r`,`c *:3 r`,`c *:* r`",
		  "" },
		{ "{`path`: `/dev/null`, `access`: `rw`}",
		  "{`device`: {`path`: `/dev/zero`}, `access`: {`write`: true}}", "`c 1:3 rw`",
		  "`c 1:5 w`" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		char formatted[512];

		snprintf(text, sizeof(text), "{`devices`: {`allow`: [%s], `deny`: [%s]}}",
			 cases[i].allow, cases[i].deny);
		snprintf(
			formatted, sizeof(formatted),
			"{`enforce`: true,`devices`: {`defaults`: false,`allow`: [%s],`deny`: [%s]}}",
			cases[i].formatted_allow, cases[i].formatted_deny);
		expect_formatted(&(struct format_case){ text, formatted }, 1);
	}
}

Test(policy_write, defaults_are_not_repeated)
{
	static const struct {
		const char *allow;
		const char *formatted;
	} cases[] = {
		{ "", "" },
		{ "`c 1:3 rwm`", "" },
		{ "`c 1:3 r`", "" },
		{ "`a *:* m`", "" },
		{ "`a *:* rm`", "`a *:* r`" },
		{ "`c *:* rwm`", "`c *:* rw`" },
		{ "`a 1:3 rwm`", "`b 1:3 rwm`" },
		{ "`c 136:* rw`, `c 136:7 rw`", "`c 136:7 rw`" },
		{ "`c 10:229 rw`, `c 10:200 rw`", "`c 10:229 rw`" },
		{ "`c *:* m`, `c 5:1 rwm`, `c 4:0 rwm`, `c 4:1 rwm`, `c 136:* rwm`, `c 5:2 rwm`, `c 10:200 rwm`, `c 1:3 rwm`, `c 1:5 rwm`, `c 1:7 rwm`, `c 5:0 rwm`, `c 1:9 rwm`, `c 1:8 rwm`, `b *:* m`",
		  "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		char formatted[512];

		snprintf(text, sizeof(text), "{`devices`: {`defaults`: true, `allow`: [%s]}}",
			 cases[i].allow);
		snprintf(formatted, sizeof(formatted),
			 "{`enforce`: true,`devices`: {`defaults`: true,`allow`: [%s],`deny`: []}}",
			 cases[i].formatted);
		expect_formatted(&(struct format_case){ text, formatted }, 1);
	}
	expect_formatted(
		&(struct format_case){
			"{`adopt`: true, `devices`: {`defaults`: `oci`}}",
			"{`enforce`: true,`adopt`: true,`devices`: {`defaults`: `oci`,`allow`: [],`deny`: []}}" },
		1);
	/* Denying a default does not repeat it. */
	expect_formatted(
		&(struct format_case){
			"{`devices`: {`deny`: [`c 1:3 rwm`], `defaults`: true}}",
			"{`enforce`: true,`devices`: {`defaults`: true,`allow`: [],`deny`: [`c 1:3 rwm`]}}" },
		1);
}

#define PORT_DEFAULTS "`netns`: `host`,`privileged_ports`: false,`on_violation`: `log`}"

Test(policy_write, ports)
{
	static const struct format_case cases[] = {
		{ "{`ports`: []}", "{`enforce`: true,`ports`: []," PORT_DEFAULTS },
		{ "{`ports`: `any`}", "{`enforce`: true,`ports`: `any`," PORT_DEFAULTS },
		{ "{`ports`: [`1-65535`]}", "{`enforce`: true,`ports`: `any`," PORT_DEFAULTS },
		{ "{`ports`: `ipv4:any`}", "{`enforce`: true,`ports`: `ipv4:any`," PORT_DEFAULTS },
		{ "{`ports`: `ipv6:any,80`}",
		  "{`enforce`: true,`ports`: [80,`ipv6:1-79`,`ipv6:81-65535`]," PORT_DEFAULTS },
		{ "{`ports`: [`ipv6:1-65535`, `ipv4:1-65535`]}",
		  "{`enforce`: true,`ports`: `any`," PORT_DEFAULTS },
		{ "{`ports`: [`ipv4:1-65535`]}",
		  "{`enforce`: true,`ports`: `ipv4:any`," PORT_DEFAULTS },
		{ "{`ports`: [`2-65535`]}",
		  "{`enforce`: true,`ports`: [`2-65535`]," PORT_DEFAULTS },
		{ "{`ports`: [8080, `8080`, `8080-8080`]}",
		  "{`enforce`: true,`ports`: [8080]," PORT_DEFAULTS },
		{ "{`ports`: [`20-30`, 9, `25-40`, 8, `41-50`]}",
		  "{`enforce`: true,`ports`: [`8-9`,`20-50`]," PORT_DEFAULTS },
		{ "{`ports`: [`ipv4:80`, `ipv6:80`, `ipv6:443`, `ipv4:22-23`]}",
		  "{`enforce`: true,`ports`: [80,`ipv4:22-23`,`ipv6:443`]," PORT_DEFAULTS },
		{ "{`ports`: [`ipv4:1-10`, `ipv6:5-15`]}",
		  "{`enforce`: true,`ports`: [`5-10`,`ipv4:1-4`,`ipv6:11-15`]," PORT_DEFAULTS },
		{ "{`ports`: {`tcp`: [80], `udp`: [80]}}",
		  "{`enforce`: true,`ports`: [80]," PORT_DEFAULTS },
		{ "{`ports`: {`tcp`: [80]}}",
		  "{`enforce`: true,`ports`: {`tcp`: [80],`udp`: []}," PORT_DEFAULTS },
		{ "{`ports`: {`udp`: `any`}}",
		  "{`enforce`: true,`ports`: {`tcp`: [],`udp`: `any`}," PORT_DEFAULTS },
		{ "{`ports`: {}}", "{`enforce`: true,`ports`: []," PORT_DEFAULTS },
		{ "{`ports`: {`sctp`: `any`}}",
		  "{`enforce`: true,`ports`: {`tcp`: [],`udp`: [],`sctp`: `any`}," PORT_DEFAULTS },
		{ "{`ports`: [80], `isolated_range`: [`31000-32000`]}",
		  "{`enforce`: true,`ports`: [80],`isolated_range`: [`31000-32000`]," PORT_DEFAULTS },
		{ "{`ports`: [80], `isolated_range`: []}",
		  "{`enforce`: true,`ports`: [80],`isolated_range`: []," PORT_DEFAULTS },
		{ "{`on_violation`: `kill`, `privileged_ports`: true, `netns`: `any`, `ports`: [80], `enforce`: false, `name`: `n`}",
		  "{`name`: `n`,`enforce`: false,`ports`: [80],`netns`: `any`,`privileged_ports`: true,`on_violation`: `kill`}" },
		{ "{`on_violation`: `close`, `ports`: [80]}",
		  "{`enforce`: true,`ports`: [80],`netns`: `host`,`privileged_ports`: false,`on_violation`: `close`}" },
	};

	expect_formatted(cases, ARRAY_SIZE(cases));
}

Test(policy_write, names_keep_their_characters)
{
	static const struct format_case cases[] = {
		{ "{`name`: `a b`, `devices`: {}}",
		  "{`name`: `a b`,`enforce`: true,`devices`: {`defaults`: false,`allow`: [],`deny`: []}}" },
		{ "{`name`: `\\u00e9\\n\\\\`, `devices`: {}}",
		  "{`name`: `\u00e9\\n\\\\`,`enforce`: true,`devices`: {`defaults`: false,`allow`: [],`deny`: []}}" },
		{ "{`name`: `\\ud83d\\ude00`, `devices`: {}}",
		  "{`name`: `\U0001f600`,`enforce`: true,`devices`: {`defaults`: false,`allow`: [],`deny`: []}}" },
	};

	expect_formatted(cases, ARRAY_SIZE(cases));
}

Test(policy_write, what_is_written_of_random_policies_reads_back_the_same)
{
	uint64_t state = 6;

	for (int i = 0; i < 1500; i++) {
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, i % 2);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_free char *once = policy_text_format(policy);
		cleanup_policy struct cgfence_policy *again = policy_text_parse(once);
		cleanup_free char *twice = policy_text_format(again);

		cr_assert_str_eq(once, twice, "%s", text);
		policy_text_expect_same(policy, again, text);
	}
	policy_text_expect_no_leak();
}

Test(policy_write, a_policy_read_back_from_its_image_is_written_the_same)
{
	uint64_t state = 7;

	for (int i = 0; i < 1500; i++) {
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, false);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_policy struct cgfence_policy *back = NULL;
		cleanup_free struct cgfence_image *image = NULL;
		cleanup_free char *before = NULL;
		cleanup_free char *after = NULL;

		if (i % 3 == 0)
			cr_assert_eq(cgfence_policy_set_name(policy, "fence", NULL), 0);
		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		cr_assert_eq(image_check(image, image->size, NULL), 0);
		cr_assert_eq(image_decompile(image, &back, NULL), 0);
		before = policy_text_format(policy);
		after = policy_text_format(back);
		cr_assert_str_eq(after, before, "%s", text);
		cr_assert(policy_equal(policy, back), "%s", text);
	}
	policy_text_expect_no_leak();
}

Test(policy_write, equal_is_to_say_the_same)
{
	static const struct {
		const char *a;
		const char *b;
		bool equal;
	} cases[] = {
		{ "{`devices`: {}}", "{`enforce`: true, `devices`: {`defaults`: false}}", true },
		{ "{`devices`: {`allow`: [`a 1:3 r`]}}",
		  "{`devices`: {`allow`: [`c 1:3 r`, `b 1:3 r`, `c 1:3 r`]}}", true },
		{ "{`allowed_devices`: []}", "{`devices`: {`defaults`: true}}", true },
		{ "{`cgroup`: `/a`, `devices`: {}}", "{`cgroup`: `/b`, `devices`: {}}", true },
		{ "{`ports`: [`1-2`]}", "{`ports`: {`udp`: [2, 1], `tcp`: [1, 2]}}", true },
		{ "{`devices`: {}}", "{`devices`: {}, `enforce`: false}", false },
		{ "{`devices`: {}}", "{`devices`: {`defaults`: true}}", false },
		{ "{`devices`: {}}", "{`devices`: {}, `name`: `n`}", false },
		{ "{`devices`: {}}", "{`devices`: {}, `ports`: []}", false },
		{ "{`devices`: {`allow`: [`c 1:3 r`]}}", "{`devices`: {`deny`: [`c 1:3 r`]}}",
		  false },
		{ "{`ports`: [1]}", "{`ports`: [2]}", false },
		{ "{`ports`: [1]}", "{`ports`: [1], `isolated_range`: []}", false },
		{ "{`ports`: [1]}", "{`ports`: [1], `netns`: `any`}", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *a = policy_text_parse(cases[i].a);
		cleanup_policy struct cgfence_policy *b = policy_text_parse(cases[i].b);

		cr_expect_eq(policy_equal(a, b), cases[i].equal, "%s and %s", cases[i].a,
			     cases[i].b);
	}
}
