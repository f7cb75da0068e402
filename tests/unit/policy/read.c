// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <string.h>

#define KEYS \
	"name, cgroup, except, enforce, adopt, devices, allowed_devices, ports, isolated_range, netns, privileged_ports, on_violation, $schema"

Test(policy_read, what_is_not_said_has_its_default)
{
	cleanup_policy struct cgfence_policy *devices = policy_text_parse("{`devices`: {}}");
	cleanup_policy struct cgfence_policy *ports = policy_text_parse("{`ports`: []}");

	cr_expect_null(devices->name);
	cr_expect_null(devices->cgroup);
	cr_expect(devices->enforce);
	cr_expect(devices->devices_fenced);
	cr_expect_eq(devices->devices_base, DEVICE_BASE_NONE);
	cr_expect_eq(devices->devices.count, 0);
	cr_expect_not(devices->ports_fenced);
	cr_expect_not(ports->devices_fenced);
	cr_expect(ports->ports_fenced);
	cr_expect_not(ports->sctp_any);
	cr_expect_not(ports->has_isolated_range);
	cr_expect_eq(ports->netns, POLICY_NETNS_HOST);
	cr_expect_not(ports->privileged_ports);
	cr_expect_eq(ports->on_violation, POLICY_ON_VIOLATION_LOG);
}

Test(policy_read, every_key_is_taken)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`name`: `web`, `cgroup`: `/a/b`, `enforce`: false, `devices`: {`defaults`: true},"
		" `ports`: [80], `isolated_range`: [`1-1023`], `netns`: `any`, `privileged_ports`: true,"
		" `on_violation`: `close`}");

	cr_expect_str_eq(cgfence_policy_name(policy), "web");
	cr_expect_str_eq(policy->cgroup, "/a/b");
	cr_expect_not(cgfence_policy_enforces(policy));
	cr_expect(policy->devices_fenced && policy->devices_base == DEVICE_BASE_MESOS);
	cr_expect(port_set_has(&policy->ports[CGFENCE_TCP], PORT_IPV6, 80));
	cr_expect(policy->has_isolated_range);
	cr_expect(port_set_has(&policy->isolated_range, PORT_IPV4, 1023));
	cr_expect_not(port_set_has(&policy->isolated_range, PORT_IPV4, 1024));
	cr_expect_eq(policy->netns, POLICY_NETNS_ANY);
	cr_expect(policy->privileged_ports);
	cr_expect_eq(policy->on_violation, POLICY_ON_VIOLATION_CLOSE);
}

Test(policy_read, refuses)
{
	static const struct refusal_case cases[] = {
		{ "nothing fenced", "{}",
		  "p.json:1:1: {}: this policy fences nothing; give it a `devices` or a `ports` section" },
		{ "nothing fenced but named", "\n{`name`: `n`, `netns`: `any`}",
		  "p.json:2:1: {`name`:`n`,`netns`:`any`}: this policy fences nothing; give it a `devices` or a `ports` section" },
		{ "a list", "[]", "p.json:1:1: []: this must be an object, in braces" },
		{ "unknown key", "{`device`: {}}",
		  "p.json:1:12: device: {}: unknown key; the keys are " KEYS },
		{ "key in capitals", "{`devices`: {}, `Name`: `n`}",
		  "p.json:1:25: Name: `n`: unknown key; the keys are " KEYS },
		{ "the first fault is told", "{`enforce`: 1, `name`: 2}",
		  "p.json:1:13: enforce: 1: this must be true or false" },
		{ "name a number", "{`devices`: {}, `name`: 7}",
		  "p.json:1:25: name: 7: this must be a string that is not empty" },
		{ "name empty", "{`devices`: {}, `name`: ``}",
		  "p.json:1:25: name: ``: this must be a string that is not empty" },
		{ "name null", "{`devices`: {}, `name`: null}",
		  "p.json:1:25: name: null: this must be a string that is not empty" },
		{ "cgroup a list", "{`devices`: {}, `cgroup`: [`/a`]}",
		  "p.json:1:27: cgroup: [`/a`]: this must be a string that is not empty" },
		{ "cgroup empty", "{`devices`: {}, `cgroup`: ``}",
		  "p.json:1:27: cgroup: ``: this must be a string that is not empty" },
		{ "enforce a string", "{`devices`: {},\n`enforce`: `yes`}",
		  "p.json:2:12: enforce: `yes`: this must be true or false" },
		{ "enforce a number", "{`devices`: {},\n\t`enforce`: 0}",
		  "p.json:2:13: enforce: 0: this must be true or false" },
		{ "adopt in an audit", "{`devices`: {}, `adopt`: true, `enforce`: false}",
		  "p.json:1:26: adopt: true: a policy with `adopt` decides for the programs whose place it takes; give it a `devices` section, and no `enforce`: false" },
		{ "adopt of ports", "{`ports`: [], `adopt`: true}",
		  "p.json:1:24: adopt: true: a policy with `adopt` decides for the programs whose place it takes; give it a `devices` section, and no `enforce`: false" },
		{ "container with a cgroup",
		  "{`devices`: {`defaults`: `container`},\n`cgroup`: `x`}",
		  "p.json:2:11: cgroup: `x`: `container` stands for what the runtime gives one container, which the hook of a runtime asks for by name; leave this out, or name another list as `defaults`" },
		{ "netns unknown", "{`devices`: {}, `netns`: `container`}",
		  "p.json:1:26: netns: `container`: this must be one of `host`, `any`" },
		{ "netns a boolean", "{`devices`: {}, `netns`: true}",
		  "p.json:1:26: netns: true: this must be one of `host`, `any`" },
		{ "privileged_ports a string", "{`ports`: [], `privileged_ports`: `true`}",
		  "p.json:1:35: privileged_ports: `true`: this must be true or false" },
		{ "on_violation unknown", "{`ports`: [], `on_violation`: `Kill`}",
		  "p.json:1:31: on_violation: `Kill`: this must be one of `log`, `close`, `kill`" },
		{ "on_violation null", "{`ports`: [], `on_violation`: null}",
		  "p.json:1:31: on_violation: null: this must be one of `log`, `close`, `kill`" },
		{ "fault on a late line",
		  "{\n  `devices`: {\n    `allow`: [\n      `c 1:3 r`,\n      `c 1:3 x`\n    ]\n  }\n}",
		  "p.json:5:7: devices.allow[1]: `c 1:3 x`: unknown access 'x'; give one or more of r, w and m" },
	};

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
}

/* The messages of jansson differ between releases, so only the position and the essence is checked. */
Test(policy_read, refuses_what_cannot_be_read)
{
	static const struct {
		const char *name;
		const char *text;
		size_t length; /* 0: up to the NUL */
		const char *start;
		const char *contained;
	} cases[] = {
		{ "a blank", " ", 0, "p.json:1:1: ", "not JSON: there is no text" },
		{ "no value", "\n\n", 0, "p.json:3:1: ", "not JSON" },
		{ "a word", "hello", 0, "p.json:1:", "not JSON" },
		{ "not closed", "{`devices`: {}", 0, "p.json:1:", "not JSON" },
		{ "not closed, next line", "{`devices`: {}\n", 0, "p.json:2:1: ", "not JSON" },
		{ "trailing comma", "{`devices`: {},}", 0, "p.json:1:16: ", "not JSON" },
		{ "no comma", "{`devices`: {}\n `name`: `n`}", 0, "p.json:2:", "not JSON" },
		{ "comment", "{`devices`: {} /* all */}", 0, "p.json:1:16: ", "not JSON" },
		{ "single quotes", "{'devices': {}}", 0, "p.json:1:2: ", "not JSON" },
		{ "leading zero", "{`ports`: [080]}", 0, "p.json:1:", "not JSON" },
		{ "not a number", "{`ports`: [NaN]}", 0, "p.json:1:", "not JSON" },
		{ "two values", "{`devices`: {}} {}", 0, "p.json:1:17: ", "not JSON" },
		{ "raw line end in a string", "{`name`: `a\nb`}", 0, "p.json:1:", "not JSON" },
		{ "bad escape", "{`name`: `\\x41`}", 0, "p.json:1:", "not JSON" },
		{ "half a surrogate", "{`name`: `\\ud83d`}", 0, "p.json:1:", "not JSON" },
		{ "NUL after the value", "{`devices`: {}}\0", 16,
		  "p.json:1:16: ", "not JSON: there is a NUL byte" },
		{ "NUL in a string", "{`name`: `a\0b`}", 15, "p.json:1:", "not JSON" },
		{ "byte order mark", "\xef\xbb\xbf{`devices`: {}}", 0,
		  "p.json:1:1: ", "not JSON: a byte order mark is before it" },
		{ "NUL before the value", "\0{`devices`: {}}", 16, "p.json:1:1: ", "not JSON" },
		{ "escaped NUL", "{`name`: `a\\u0000b`, `devices`: {}}", 0, "p.json:1:", "u0000" },
		{ "escaped NUL in a key", "{`a\\u0000b`: 1}", 0, "p.json:1:", "" },
		{ "invalid UTF-8", "{`name`: `\xff`}", 0, "p.json:1:", "not JSON" },
		{ "overlong UTF-8", "{`name`: `\xc0\xaf`}", 0, "p.json:1:", "not JSON" },
		{ "surrogate in UTF-8", "{`name`: `\xed\xa0\x80`}", 0, "p.json:1:", "not JSON" },
		{ "cut UTF-8", "{`name`: `\xe2\x82", 0, "p.json:1:", "not JSON" },
		{ "Latin-1 in a key", "{`d\xe9vices`: {}}", 0, "p.json:1:", "not JSON" },
		{ "duplicate key", "{`name`: `a`,\n `name`: `b`, `devices`: {}}", 0,
		  "p.json:2:", ": name: duplicate object key near '`name`'" },
		{ "duplicate key below", "{`devices`: {`allow`: [],\n\n`allow`: []}}", 0,
		  "p.json:3:", ": devices.allow: duplicate" },
		{ "duplicate key in another spelling", "{`devices`: {}, `\\u0064evices`: {}}", 0,
		  "p.json:1:", ": devices: duplicate" },
		{ "duplicate key in an access",
		  "{`allowed_devices`: [{`device`: {`path`: `/dev/null`}, `access`: {`read`: true, `read`: true}}]}",
		  0, "p.json:1:", ": allowed_devices[0].access.read: duplicate" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t length = cases[i].length ? cases[i].length : strlen(cases[i].text);
		cleanup_free char *contained = policy_text_unquote(cases[i].contained);
		cleanup_free char *text = malloc(length);
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };

		for (size_t j = 0; j < length; j++)
			text[j] = cases[i].text[j] == '`' ? '"' : cases[i].text[j];
		cr_expect_eq(cgfence_policy_parse(text, length, "p.json", &policy, &error), -EINVAL,
			     "%s", cases[i].name);
		cr_expect(error.invalid_input, "%s", cases[i].name);
		cr_expect_eq(strncmp(error.text, cases[i].start, strlen(cases[i].start)), 0,
			     "%s: '%s' does not start with '%s'", cases[i].name, error.text,
			     cases[i].start);
		cr_expect_not_null(strstr(error.text, contained), "%s: '%s' does not say '%s'",
				   cases[i].name, error.text, contained);
		cr_expect_null(policy, "%s", cases[i].name);
	}
	policy_text_expect_no_leak();
}

Test(policy_read, an_empty_text_is_refused)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	cr_expect_eq(cgfence_policy_parse("", 0, "p.json", &policy, &error), -EINVAL);
	cr_expect_eq(strncmp(error.text, "p.json:1:1: ", 12), 0, "%s", error.text);
}

/* Valid JSON is not called invalid. */
Test(policy_read, a_wrong_value_of_valid_json_is_called_that)
{
	static const struct {
		const char *text;
		const char *start;
		const char *contained;
	} cases[] = {
		{ "42", "p.json:1:1: 42: ", "this must be an object, in braces" },
		{ "null", "p.json:1:1: null: ", "this must be an object, in braces" },
		{ " `devices`", "p.json:1:2: `devices`: ", "this must be an object, in braces" },
		{ "{`ports`: [99999999999999999999]}",
		  "p.json:1:12: ports[0]: 99999999999999999999: ", "ports go up to 65535" },
		{ "{`ports`: [-99999999999999999999]}",
		  "p.json:1:12: ports[0]: -99999999999999999999: ", "too big" },
		{ "{`ports`: {`tcp`: [1],\n`udp`: [2, `3`, 1e999]}}",
		  "p.json:2:17: ports.udp[2]: 1e999: ", "too big" },
		{ "{`a`: 111111111122222222223333333333444444444455555}",
		  "p.json:1:7: a: 1111111111222222222233333333334444444444...: ", "too big" },
		{ "99999999999999999999", "p.json:1:1: 99999999999999999999: ", "too big" },
		{ "{`name`: `a\\u0000b`, `devices`: {}}",
		  "p.json:1:", ": name: the text has a NUL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text = policy_text_unquote(cases[i].text);
		cleanup_free char *start = policy_text_unquote(cases[i].start);
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_policy_parse(text, strlen(text), "p.json", &policy, &error),
			     -EINVAL, "%s", text);
		cr_expect_eq(strncmp(error.text, start, strlen(start)), 0, "%s: %s", text,
			     error.text);
		cr_expect_not_null(strstr(error.text, cases[i].contained), "%s: %s", text,
				   error.text);
		cr_expect_null(strstr(error.text, "not JSON"), "%s: %s", text, error.text);
	}
}

static int parse_repeated(const char *start, const char *middle, size_t count, const char *end,
			  struct cgfence_error *error)
{
	size_t size = strlen(start) + count * strlen(middle) + strlen(end);
	cleanup_free char *text = malloc(size + 1);
	struct cgfence_policy *policy = NULL;
	char *to = stpcpy(text, start);
	int result;

	for (size_t i = 0; i < count; i++)
		to = stpcpy(to, middle);
	stpcpy(to, end);
	result = cgfence_policy_parse(text, size, "p.json", &policy, error);
	cgfence_policy_free(policy);
	return result;
}

Test(policy_read, deep_nesting_is_refused)
{
	static const size_t depths[] = { 10, 1000, 2040, 2050, 100000, 1000000 };

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct cgfence_error error = { 0 };

		cr_expect_eq(parse_repeated("", "[", depths[i], "", &error), -EINVAL);
		cr_expect_eq(parse_repeated("{\"name\": ", "[", depths[i], "", &error), -EINVAL);
		cr_expect_eq(parse_repeated("", "{\"a\":", depths[i] / 6, "", &error), -EINVAL);
		cr_expect_eq(strncmp(error.text, "p.json:1:", 9), 0, "%s", error.text);
	}
	for (size_t depth = 1; depth < 2000; depth += 100) {
		struct cgfence_error error = { 0 };
		char closing[2048];

		memset(closing, ']', depth);
		strcpy(closing + depth, "}");
		cr_expect_eq(parse_repeated("{\"name\": ", "[", depth, closing, &error), -EINVAL);
		cr_expect_eq(strncmp(error.text, "p.json:1:10: name: [", 20), 0, "%s", error.text);
	}
	policy_text_expect_no_leak();
}

Test(policy_read, the_length_is_limited)
{
	const size_t around = strlen("{\"devices\": {}}");
	struct cgfence_error error = { 0 };

	cr_expect_eq(parse_repeated("{\"devices\": {}}", " ", 1024 * 1024 - around, "", &error), 0,
		     "%s", error.text);
	cr_expect_eq(parse_repeated("{\"devices\": {}}", " ", 1024 * 1024 - around + 1, "", &error),
		     -EINVAL);
	cr_expect_str_eq(error.text, "p.json: the policy is longer than 1 MiB");
	cr_expect(error.invalid_input);
}

/* The largest possible number of entries is read, and the fault in the last one is located. */
Test(policy_read, a_long_list_is_read)
{
	struct cgfence_error error = { 0 };

	cr_expect_eq(parse_repeated("{\"devices\": {\"allow\": [", "\"b 0:0 r\",", 104000,
				    "\"b 0:0 r\"]}}", &error),
		     0, "%s", error.text);
	cr_expect_eq(parse_repeated("{\"ports\": [", "65535,\n", 149000, "0]}", &error), -EINVAL);
	cr_expect_eq(strncmp(error.text, "p.json:149001:1: ports[149000]: 0: ", 35), 0, "%s",
		     error.text);
}

Test(policy_read, a_refused_policy_leaves_the_out_parameter_alone)
{
	struct cgfence_policy *policy = (struct cgfence_policy *)&policy;

	cr_expect_eq(cgfence_policy_parse("{}", 2, "p.json", &policy, NULL), -EINVAL);
	cr_expect_eq((void *)policy, (void *)&policy);
}
