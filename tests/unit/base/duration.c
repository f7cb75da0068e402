// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/duration.h"

#include <criterion/criterion.h>

#define MS 1000000ULL
#define S (1000 * MS)

Test(duration, parses)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "30s", 30 * S },	 { "30", 30 * S },     { "100ms", 100 * MS },
		{ "1500ms", 1500 * MS }, { "5m", 300 * S },    { "5min", 300 * S },
		{ "1h", 3600 * S },	 { "24h", 86400 * S }, { "1440m", 86400 * S },
		{ "86400", 86400 * S },	 { "007s", 7 * S },    { "86400000ms", 86400 * S },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 0;

		cr_expect_eq(duration_parse(cases[i].text, &ns), 0, "'%s'", cases[i].text);
		cr_expect_eq(ns, cases[i].ns, "'%s' is %llu", cases[i].text,
			     (unsigned long long)ns);
	}
}

Test(duration, refuses)
{
	static const char *const texts[] = {
		"",
		"s",
		"0",
		"0s",
		"99ms",
		"-1s",
		"+1s",
		" 1s",
		"1 s",
		"1s ",
		"1.5s",
		"1S",
		"1us",
		"1d",
		"25h",
		"86401s",
		"1s5",
		"0x10s",
		"1e3s",
		"mins",
		"1m30s",
		"30sec",
		"86400001ms",
		"18446744073709551616s",
		"18446744073709551615h",
		"99999999999999999999999999ms",
		"5124095576030431h",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t ns = 7;

		cr_expect_eq(duration_parse(texts[i], &ns), -1, "'%s'", texts[i]);
		cr_expect_eq(ns, 7, "'%s' left something", texts[i]);
	}
}
