// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/splitmix64.h"
#include "unit/support/policy_text.h"

#include <stdio.h>

#define IPV4 1
#define IPV6 2

static struct cgfence_explanation explain(const struct cgfence_policy *policy,
					  enum cgfence_protocol protocol, unsigned int families,
					  uint16_t port)
{
	const struct cgfence_port_request request = {
		.protocol = protocol,
		.families = { families & IPV4, families & IPV6 },
		.port = port,
	};
	struct cgfence_explanation explanation = { 0 };

	cr_assert_eq(cgfence_policy_explain_port(policy, &request, &explanation, NULL), 0);
	return explanation;
}

Test(explain_port, reasons)
{
	static const struct {
		const char *policy;
		enum cgfence_protocol protocol;
		unsigned int families;
		uint16_t port;
		bool allowed;
		const char *reason;
	} cases[] = {
		{ "{`devices`: {}}", CGFENCE_TCP, IPV4, 1, true, "ports are not fenced" },
		{ "{`ports`: `any`}", CGFENCE_UDP, IPV4 | IPV6, 1, true, "every port is assigned" },
		{ "{`ports`: [80]}", CGFENCE_TCP, IPV4, 80, true, "'80' is assigned" },
		{ "{`ports`: [`80-90`]}", CGFENCE_TCP, IPV6, 80, true, "'80-90' is assigned" },
		{ "{`ports`: [`80-90`, 91]}", CGFENCE_UDP, IPV6, 91, true, "'80-91' is assigned" },
		{ "{`ports`: [1, `80-90`, 99]}", CGFENCE_TCP, IPV4, 99, true, "'99' is assigned" },
		{ "{`ports`: [`ipv6:80`]}", CGFENCE_TCP, IPV6, 80, true, "'ipv6:80' is assigned" },
		{ "{`ports`: [80]}", CGFENCE_TCP, IPV4, 81, false, "it is not assigned for IPv4" },
		{ "{`ports`: [80]}", CGFENCE_TCP, IPV6, 79, false, "it is not assigned for IPv6" },
		{ "{`ports`: {`tcp`: [80]}}", CGFENCE_UDP, IPV4, 80, false,
		  "it is not assigned for IPv4" },
		/* Its devices, which only a container has, do not matter. */
		{ "{`devices`: {`defaults`: `container`}, `ports`: [80]}", CGFENCE_TCP, IPV4, 80,
		  true, "'80' is assigned" },
		/* A socket that serves both families needs it for both; the first refusal is explained. */
		{ "{`ports`: [`ipv4:80`]}", CGFENCE_TCP, IPV4 | IPV6, 80, false,
		  "it is not assigned for IPv6" },
		{ "{`ports`: [`ipv6:80`]}", CGFENCE_TCP, IPV4 | IPV6, 80, false,
		  "it is not assigned for IPv4" },
		{ "{`ports`: [], `isolated_range`: [`1-100`]}", CGFENCE_TCP, IPV4, 101, true,
		  "it is outside the isolated range" },
		{ "{`ports`: [], `isolated_range`: [`1-100`]}", CGFENCE_TCP, IPV4, 100, false,
		  "it is not assigned for IPv4" },
		{ "{`ports`: [], `isolated_range`: [`ipv4:1-100`]}", CGFENCE_TCP, IPV6, 100, true,
		  "it is outside the isolated range" },
		/* An audit is explained as if it refused. */
		{ "{`enforce`: false, `ports`: []}", CGFENCE_TCP, IPV4, 1, false,
		  "it is not assigned for IPv4" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(cases[i].policy);
		struct cgfence_explanation explanation =
			explain(policy, cases[i].protocol, cases[i].families, cases[i].port);

		cr_expect_eq(explanation.allowed, cases[i].allowed, "%s: %u", cases[i].policy,
			     cases[i].port);
		cr_expect_str_eq(explanation.reason, cases[i].reason, "%s, %u: %s", cases[i].policy,
				 cases[i].port, explanation.reason);
	}
}

/* Small ports, so that ranges meet and overlap. */
static uint16_t random_port(uint64_t *state)
{
	return (uint16_t)(1 + splitmix64_next(state) % 40);
}

/* A list of at most three ranges, and its ports. */
static void random_ports(uint64_t *state, char *text, bool has[2][41])
{
	static const char *const prefixes[] = { "", "ipv4:", "ipv6:" };
	int used = 0;

	for (uint64_t count = splitmix64_next(state) % 4; count; count--) {
		unsigned int group = (unsigned int)(splitmix64_next(state) % 3);
		uint16_t low = random_port(state);
		uint16_t high = random_port(state);

		if (low > high)
			high = low;
		used += sprintf(text + used, "%s`%s%u-%u`", used ? ", " : "", prefixes[group], low,
				high);
		for (uint16_t port = low; port <= high; port++) {
			has[0][port] = has[0][port] || group != 2;
			has[1][port] = has[1][port] || group != 1;
		}
	}
}

Test(explain_port, verdicts_are_those_of_the_lists)
{
	unsigned int refused = 0;
	uint64_t state = 17;

	for (int i = 0; i < 200; i++) {
		bool assigned[2][41] = { 0 };
		bool isolated[2][41] = { 0 };
		char assigned_text[128] = "";
		char isolated_text[128] = "";
		char text[512];
		cleanup_policy struct cgfence_policy *policy = NULL;

		random_ports(&state, assigned_text, assigned);
		random_ports(&state, isolated_text, isolated);
		sprintf(text, "{`ports`: [%s], `isolated_range`: [%s]}", assigned_text,
			isolated_text);
		policy = policy_text_parse(text);
		for (uint16_t port = 1; port <= 40; port++) {
			for (unsigned int families = IPV4; families <= (IPV4 | IPV6); families++) {
				bool right = !((families & IPV4 && isolated[0][port] &&
						!assigned[0][port]) ||
					       (families & IPV6 && isolated[1][port] &&
						!assigned[1][port]));

				cr_assert_eq(explain(policy, CGFENCE_UDP, families, port).allowed,
					     right, "%s: %u, families %u", text, port, families);
				refused += !right;
			}
		}
	}
	cr_expect_gt(refused, 1000);
}
