// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

#define FORM \
	"a port is a number from 1 to 65535, a range is 'LOW-HIGH', and 'ipv4:' or 'ipv6:' may stand before either"
#define NONE "no port is given; give ports such as 8080 or 31000-31005, or any"
#define LIST \
	"this must be a list of ports, in brackets, or a string such as `any` or `8080,31000-31005`"
#define ELEMENT "a port is a number such as 8080 or a string such as `31000-31005`"
#define ALONE "this is right in place of a list, but not in one; leave out the brackets"
#define SCTP "SCTP ports cannot be told apart; this must be `any`, or leave the key out"

/* Which of the ports 79 to 82 a set holds, as digits of families: 4, 6, both or neither. */
static void expect_set(const struct port_set *set, const char *right, const char *name)
{
	char is[5] = "";

	for (uint16_t i = 0; i < 4; i++) {
		bool ipv4 = port_set_has(set, PORT_IPV4, 79 + i);
		bool ipv6 = port_set_has(set, PORT_IPV6, 79 + i);

		is[i] = ipv4 && ipv6 ? 'B' : ipv4 ? '4' : ipv6 ? '6' : '-';
	}
	cr_expect_str_eq(is, right, "%s: is %s, not %s", name, is, right);
}

Test(policy_read_ports, forms)
{
	static const struct {
		const char *ports;
		const char *tcp;
		const char *udp;
		bool sctp_any;
	} cases[] = {
		{ "[]", "----", "----", false },
		{ "`any`", "BBBB", "BBBB", false },
		{ "`ipv4:any`", "4444", "4444", false },
		{ "{`tcp`: `ipv6:any`, `udp`: `ipv4:any,80`}", "6666", "4B44", false },
		{ "`80`", "-B--", "-B--", false },
		{ "`79,ipv6:81-82`", "B-66", "B-66", false },
		{ "[80]", "-B--", "-B--", false },
		{ "[`80`]", "-B--", "-B--", false },
		{ "[`80-81`]", "-BB-", "-BB-", false },
		{ "[`ipv4:80-81`, `ipv6:81-82`]", "-4B6", "-4B6", false },
		{ "[80, 80, `80`, `79-81`]", "BBB-", "BBB-", false },
		{ "{}", "----", "----", false },
		{ "{`tcp`: [80]}", "-B--", "----", false },
		{ "{`udp`: [`ipv6:80`]}", "----", "-6--", false },
		{ "{`tcp`: `any`, `udp`: [82]}", "BBBB", "---B", false },
		{ "{`sctp`: `any`}", "----", "----", true },
		{ "{`tcp`: [79], `udp`: [], `sctp`: `any`}", "B---", "----", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = NULL;
		char text[128];

		snprintf(text, sizeof(text), "{`ports`: %s}", cases[i].ports);
		policy = policy_text_parse(text);
		cr_expect(policy->ports_fenced, "%s", text);
		expect_set(&policy->ports[CGFENCE_TCP], cases[i].tcp, text);
		expect_set(&policy->ports[CGFENCE_UDP], cases[i].udp, text);
		cr_expect_eq(policy->sctp_any, cases[i].sctp_any, "%s", text);
		cr_expect_not(policy->has_isolated_range, "%s", text);
	}
}

Test(policy_read_ports, the_isolated_range_alone_fences_nothing)
{
	static const struct refusal_case cases[] = {
		{ "isolated_range alone", "{`isolated_range`: [80]}",
		  "p.json:1:1: {`isolated_range`:[80]}: this policy fences nothing; give it a `devices` or a `ports` section" },
	};
	cleanup_policy struct cgfence_policy *policy =
		policy_text_parse("{`ports`: [], `isolated_range`: [`80-81`]}");

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
	cr_expect(policy->has_isolated_range);
	expect_set(&policy->isolated_range, "-BB-", "isolated_range");
	expect_set(&policy->ports[CGFENCE_TCP], "----", "tcp");
}

Test(policy_read_ports, refuses)
{
	static const struct refusal_case cases[] = {
		{ "a number", "{`ports`: 80}", "p.json:1:11: ports: 80: " LIST },
		{ "null", "{`ports`: null}", "p.json:1:11: ports: null: " LIST },
		{ "a word", "{`ports`: `all`}", "p.json:1:11: ports: `all`: 'all': " FORM },
		{ "an empty string", "{`ports`: ``}", "p.json:1:11: ports: ``: " NONE },
		{ "a string of blanks", "{`ports`: {`tcp`: ` , `}}",
		  "p.json:1:19: ports.tcp: ` , `: " NONE },
		{ "one bad port of a string", "{`ports`: `80,90-70`}",
		  "p.json:1:11: ports: `80,90-70`: '90-70': the range begins above its end; write '70-90'" },
		{ "any of an unknown family", "{`ports`: `ip:any`}",
		  "p.json:1:11: ports: `ip:any`: 'ip:any': " FORM },
		{ "unknown protocol", "{`ports`: {`dccp`: [80]}}",
		  "p.json:1:20: ports.dccp: [80]: unknown key; the keys are tcp, udp, sctp" },
		{ "protocol null", "{`ports`: {`tcp`: null}}",
		  "p.json:1:19: ports.tcp: null: " LIST },
		{ "protocol an object", "{`ports`: {`udp`: {}}}",
		  "p.json:1:19: ports.udp: {}: " LIST },
		{ "sctp a list", "{`ports`: {`sctp`: [80]}}",
		  "p.json:1:20: ports.sctp: [80]: " SCTP },
		{ "sctp another word", "{`ports`: {`sctp`: `none`}}",
		  "p.json:1:20: ports.sctp: `none`: " SCTP },
		{ "any in a list", "{`ports`: [`any`]}", "p.json:1:12: ports[0]: `any`: " ALONE },
		{ "any of a family in a list", "{`ports`: {`tcp`: [80, `ipv4:any`]}}",
		  "p.json:1:24: ports.tcp[1]: `ipv4:any`: " ALONE },
		{ "several in an element of a list", "{`ports`: [`80,90-95`]}",
		  "p.json:1:12: ports[0]: `80,90-95`: " ALONE },
		{ "zero", "{`ports`: [0]}", "p.json:1:12: ports[0]: 0: " FORM },
		{ "negative", "{`ports`: [-80]}", "p.json:1:12: ports[0]: -80: " FORM },
		{ "over", "{`ports`: [80, 65536]}",
		  "p.json:1:16: ports[1]: 65536: the port is over 65535; give 1 to 65535" },
		{ "over by far", "{`ports`: [9223372036854775807]}",
		  "p.json:1:12: ports[0]: 9223372036854775807: the port is over 65535; give 1 to 65535" },
		{ "under by far", "{`ports`: [-9223372036854775808]}",
		  "p.json:1:12: ports[0]: -9223372036854775808: " FORM },
		{ "a fraction", "{`ports`: [80.5]}", "p.json:1:12: ports[0]: 80.5: " ELEMENT },
		{ "a whole fraction", "{`ports`: [80.0]}",
		  "p.json:1:12: ports[0]: 80.0: " ELEMENT },
		{ "a boolean", "{`ports`: [true]}", "p.json:1:12: ports[0]: true: " ELEMENT },
		{ "a list", "{`ports`: [[80, 90]]}", "p.json:1:12: ports[0]: [80,90]: " ELEMENT },
		{ "an object", "{`ports`: [{`port`: 80}]}",
		  "p.json:1:12: ports[0]: {`port`:80}: " ELEMENT },
		{ "a string over", "{`ports`: [`1-65536`]}",
		  "p.json:1:12: ports[0]: `1-65536`: the port is over 65535; give 1 to 65535" },
		{ "high before low", "{`ports`: {`tcp`: [80, 81,\n    `90-80`]}}",
		  "p.json:2:5: ports.tcp[2]: `90-80`: the range begins above its end; write '80-90'" },
		{ "blanks", "{`ports`: {`udp`: [`80 - 90`]}}",
		  "p.json:1:20: ports.udp[0]: `80 - 90`: ' - 90' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "a service", "{`ports`: {`udp`: [`domain`]}}",
		  "p.json:1:20: ports.udp[0]: `domain`: " FORM },
		{ "an unknown family", "{`ports`: [`ip:80`]}",
		  "p.json:1:12: ports[0]: `ip:80`: " FORM },
		{ "isolated_range a boolean", "{`ports`: [], `isolated_range`: true}",
		  "p.json:1:33: isolated_range: true: " LIST },
		{ "isolated_range an object", "{`ports`: [], `isolated_range`: {`tcp`: []}}",
		  "p.json:1:33: isolated_range: {`tcp`:[]}: " LIST },
		{ "isolated_range over", "{`ports`: [], `isolated_range`: [1, 70000]}",
		  "p.json:1:37: isolated_range[1]: 70000: the port is over 65535; give 1 to 65535" },
	};

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
}
