// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/numbers.h"

#include <criterion/criterion.h>

Test(top_numbers, rates_take_five_columns)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {
		{ 0, "0" },	     { 0.01, "<0.1" },	 { 0.05, "0.1" },  { 1.25, "1.2" },
		{ 9.94, "9.9" },     { 9.95, "10" },	 { 123.4, "123" }, { 99999, "99999" },
		{ 100000, "100k" },  { 9.9e6, "9900k" }, { 1e7, "10M" },   { 1e19, "10E" },
		{ 99999.7, "100k" },
	};
	char text[NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		number_rate(cases[i].rate, text);
		cr_expect_str_eq(text, cases[i].text, "%g: '%s'", cases[i].rate, text);
		cr_expect_leq(strlen(text), 5);
	}
}

Test(top_numbers, counts_take_six_columns)
{
	static const struct {
		uint64_t count;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999999, "999999" },
		{ 1000000, "1000k" },
		{ 99999499, "99999k" },
		{ 100000000, "100M" },
		{ UINT64_MAX, "18447P" },
	};
	char text[NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		number_count(cases[i].count, text);
		cr_expect_str_eq(text, cases[i].text, "'%s'", text);
	}
}

Test(top_numbers, ages_take_four_columns)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0.0s" },
		{ 9999, "9.9s" },
		{ 10000, "10s" },
		{ 99999, "99s" },
		{ 100000, "1m" },
		{ 99 * 60000 + 59999, "99m" },
		{ 100 * 60000, "1h" },
		{ 100 * 3600000ULL, "4d" },
		{ 999 * 24 * 3600000ULL, "999d" },
	};
	char text[NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		number_age(cases[i].ms * 1000000, text);
		cr_expect_str_eq(text, cases[i].text, "%llu ms: '%s'",
				 (unsigned long long)cases[i].ms, text);
	}
}
