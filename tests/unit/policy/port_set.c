// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/port_set.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <string.h>

#define FORM \
	"a port is a number from 1 to 65535, a range is 'LOW-HIGH', and 'ipv4:' or 'ipv6:' may stand before either"

Test(port_set, parses_and_formats_ranges)
{
	static const struct {
		const char *text;
		struct port_range range;
		const char *formatted;
	} cases[] = {
		{ "1", { { true, true }, 1, 1 }, "1" },
		{ "65535", { { true, true }, 65535, 65535 }, "65535" },
		{ "8080", { { true, true }, 8080, 8080 }, "8080" },
		{ "31000-31005", { { true, true }, 31000, 31005 }, "31000-31005" },
		{ "1-65535", { { true, true }, 1, 65535 }, "1-65535" },
		{ "ipv4:80", { { true, false }, 80, 80 }, "ipv4:80" },
		{ "ipv6:80", { { false, true }, 80, 80 }, "ipv6:80" },
		{ "ipv4:65534-65535", { { true, false }, 65534, 65535 }, "ipv4:65534-65535" },
		{ "ipv6:1-2", { { false, true }, 1, 2 }, "ipv6:1-2" },
		{ "80-80", { { true, true }, 80, 80 }, "80" },
		{ "ipv6:80-80", { { false, true }, 80, 80 }, "ipv6:80" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct port_range *right = &cases[i].range;
		char text[PORT_RANGE_TEXT_SIZE];
		struct port_range range = { 0 };
		struct cgfence_error error = { 0 };

		cr_assert_eq(port_range_parse(cases[i].text, &range, &error), 0, "'%s': %s",
			     cases[i].text, error.text);
		cr_expect(range.low == right->low && range.high == right->high, "'%s': %u-%u",
			  cases[i].text, range.low, range.high);
		cr_expect(range.families[PORT_IPV4] == right->families[PORT_IPV4] &&
				  range.families[PORT_IPV6] == right->families[PORT_IPV6],
			  "'%s': the families", cases[i].text);
		port_range_format(&range, text);
		cr_expect_str_eq(text, cases[i].formatted);
	}
}

Test(port_set, refuses_what_is_no_range)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "", FORM },
		{ "0", FORM },
		{ "-1", FORM },
		{ "+1", FORM },
		{ " 1", FORM },
		{ "080", FORM },
		{ "any", FORM },
		{ "http", FORM },
		{ "-", FORM },
		{ "80-", FORM },
		{ "0-80", FORM },
		{ "80-090", FORM },
		{ "80--90", FORM },
		{ "ipv4:", FORM },
		{ "ipv4:0", FORM },
		{ "ipv4: 80", FORM },
		{ "ipv5:80", FORM },
		{ "IPv4:80", FORM },
		{ "ipv4:ipv6:80", FORM },
		{ "65536", "the port is over 65535; give 1 to 65535" },
		{ "1-65536", "the port is over 65535; give 1 to 65535" },
		{ "4294967377", "the port is over 65535; give 1 to 65535" },
		{ "18446744073709551696", "the port is over 65535; give 1 to 65535" },
		{ "80 ", "' ' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "80 - 90", "' - 90' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "80,90", "',90' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "80-90-99", "'-99' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "80/tcp", "'/tcp' follows the port; a range is 'LOW-HIGH' without spaces" },
		{ "81-80", "the range begins above its end; write '80-81'" },
		{ "90-80", "the range begins above its end; write '80-90'" },
		{ "ipv6:65535-1", "the range begins above its end; write '1-65535'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct port_range range = { .low = 77 };
		struct cgfence_error error = { 0 };

		cr_expect_eq(port_range_parse(cases[i].text, &range, &error), -EINVAL, "'%s'",
			     cases[i].text);
		cr_expect_str_eq(error.text, cases[i].message, "'%s': %s", cases[i].text,
				 error.text);
		cr_expect_eq(range.low, 77, "'%s': the range was changed", cases[i].text);
	}
}

Test(port_set, any_is_every_port_of_both_families)
{
	struct port_set set = { 0 };
	struct port_set other = { 0 };

	cr_expect_not(port_set_is_any(&set));
	port_set_add_any(&set);
	cr_expect(port_set_is_any(&set));
	cr_expect_not(port_set_has(&set, PORT_IPV4, 0));
	cr_expect_not(port_set_has(&set, PORT_IPV6, 0));
	port_set_add(&other, &(struct port_range){ { true, true }, 1, 65535 });
	cr_expect_eq(memcmp(&set, &other, sizeof(set)), 0);
}

Test(port_set, all_but_one_port_is_not_any)
{
	static const uint16_t missing[] = { 1, 63, 64, 1023, 32768, 65534, 65535 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(missing); i++) {
		uint16_t port = missing[i / 2];
		enum port_family family = i % 2 ? PORT_IPV6 : PORT_IPV4;
		struct port_set set = { 0 };

		port_set_add_any(&set);
		set.words[family][port / 64] &= ~(1ULL << port % 64);
		cr_expect_not(port_set_is_any(&set), "without port %u of family %d", port, family);
	}
}

Test(port_set, merges_and_walks_the_fewest_ranges)
{
	static const struct {
		const char *added[5];
		const char *walked[5];
	} cases[] = {
		{ { NULL }, { NULL } },
		{ { "80" }, { "80" } },
		{ { "80", "80" }, { "80" } },
		{ { "80", "81" }, { "80-81" } },
		{ { "80", "82" }, { "80", "82" } },
		{ { "10-20", "15-30" }, { "10-30" } },
		{ { "10-20", "21-30" }, { "10-30" } },
		{ { "10-30", "15-20" }, { "10-30" } },
		{ { "21-30", "10-19", "20" }, { "10-30" } },
		{ { "65535", "1" }, { "1", "65535" } },
		{ { "60-70" }, { "60-70" } },
		{ { "ipv4:80", "ipv6:80" }, { "80" } },
		{ { "ipv4:80", "ipv6:81" }, { "ipv4:80", "ipv6:81" } },
		{ { "ipv6:1-10", "ipv4:5-15" }, { "5-10", "ipv4:11-15", "ipv6:1-4" } },
		{ { "ipv4:1-10", "5" }, { "5", "ipv4:1-4", "ipv4:6-10" } },
		{ { "ipv4:65535", "ipv6:1" }, { "ipv4:65535", "ipv6:1" } },
		{ { "1-65535" }, { "1-65535" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct port_set set = { 0 };
		struct port_range range;
		uint32_t cursor = 0;
		size_t walked = 0;

		for (size_t j = 0; cases[i].added[j]; j++) {
			cr_assert_eq(port_range_parse(cases[i].added[j], &range, NULL), 0);
			port_set_add(&set, &range);
		}
		while (port_set_next(&set, &cursor, &range)) {
			char text[PORT_RANGE_TEXT_SIZE];

			port_range_format(&range, text);
			cr_assert_not_null(cases[i].walked[walked], "case %zu: '%s' is too much", i,
					   text);
			cr_expect_str_eq(text, cases[i].walked[walked], "case %zu: '%s', not '%s'",
					 i, text, cases[i].walked[walked]);
			walked++;
		}
		cr_expect_null(cases[i].walked[walked], "case %zu: '%s' is missing", i,
			       cases[i].walked[walked]);
	}
}

/* A set agrees with a plain array of booleans, and its ranges add up to it. */
Test(port_set, random_sets_hold_what_was_added)
{
	static bool model[PORT_FAMILY_COUNT][PORT_MAX + 1];
	uint64_t state = 8;

	for (int round = 0; round < 30; round++) {
		struct port_set set = { 0 };
		struct port_set rebuilt = { 0 };
		struct port_range range;
		uint32_t cursor = 0;

		memset(model, 0, sizeof(model));
		for (int i = 0; i < 20; i++) {
			uint32_t low = 1 + random_below(&state, round % 2 ? 200 : PORT_MAX);
			uint32_t high = low + random_below(&state, round % 2 ? 9 : 3000);
			uint32_t families = 1 + random_below(&state, 3);

			high = high > PORT_MAX ? PORT_MAX : high;
			range = (struct port_range){ { families & 1, families & 2 },
						     (uint16_t)low,
						     (uint16_t)high };
			port_set_add(&set, &range);
			for (uint32_t port = low; port <= high; port++) {
				model[PORT_IPV4][port] |= range.families[PORT_IPV4];
				model[PORT_IPV6][port] |= range.families[PORT_IPV6];
			}
		}
		for (uint32_t port = 0; port <= PORT_MAX; port++) {
			for (int family = 0; family < PORT_FAMILY_COUNT; family++)
				cr_assert_eq(port_set_has(&set, family, (uint16_t)port),
					     model[family][port], "port %u of family %d", port,
					     family);
		}
		while (port_set_next(&set, &cursor, &range))
			port_set_add(&rebuilt, &range);
		cr_expect_eq(memcmp(&set, &rebuilt, sizeof(set)), 0);
	}
}

Test(port_set, parses_lists)
{
	static const struct {
		const char *text;
		const char *ranges; /* as they are walked */
	} cases[] = {
		{ "8080", "8080" },
		{ "8080,31000-31005", "8080 31000-31005" },
		{ " 82, 80 81,", "80-82" },
		{ "ipv4:80,ipv6:80", "80" },
		{ "ipv6:90-91,ipv4:7", "ipv4:7 ipv6:90-91" },
		{ "80,any", "1-65535" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_error error = { 0 };
		struct port_set set = { 0 };
		struct port_range range;
		uint32_t cursor = 0;
		char walked[64] = "";

		cr_assert_eq(port_set_parse(cases[i].text, &set, &error), 0, "%s", error.text);
		while (port_set_next(&set, &cursor, &range)) {
			char text[PORT_RANGE_TEXT_SIZE];

			port_range_format(&range, text);
			strcat(strcat(walked, *walked ? " " : ""), text);
		}
		cr_expect_str_eq(walked, cases[i].ranges, "'%s': %s", cases[i].text, walked);
	}
}

Test(port_set, refuses_lists_and_leaves_the_set)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "", "no port is given; give ports such as 8080 or 31000-31005, or any" },
		{ " , ", "no port is given; give ports such as 8080 or 31000-31005, or any" },
		{ "80,90-81", "'90-81': the range begins above its end; write '81-90'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_error error = { 0 };
		struct port_set set = { 0 };

		cr_expect_eq(port_set_parse(cases[i].text, &set, &error), -EINVAL);
		cr_expect_str_eq(error.text, cases[i].message, "%s", error.text);
		cr_expect(port_set_is_empty(&set), "'%s'", cases[i].text);
	}
}

Test(port_set, protocols_have_names)
{
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		enum cgfence_protocol protocol = CGFENCE_PROTOCOL_COUNT;
		const char *name = cgfence_protocol_name((enum cgfence_protocol)i);

		cr_expect_eq(port_protocol_parse(name, &protocol, NULL), 0, "%s", name);
		cr_expect_eq((int)protocol, i, "%s", name);
	}
	cr_expect_str_eq(cgfence_protocol_name(CGFENCE_UDP), "udp");
}
