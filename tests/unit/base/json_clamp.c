// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_clamp.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json_clamp, changes_only_integers_that_are_too_large)
{
	static const char *const cases[][2] = {
		{ "[9223372036854775807]", NULL },
		{ "[9223372036854775808]", "[9223372036854775807]" },
		{ "{\"a\":18446744073709551615}", "{\"a\":9223372036854775807 }" },
		{ "[-18446744073709551615,1]", "[-9223372036854775807 ,1]" },
		{ "\"18446744073709551615\"", NULL },
		{ "\"\\\"18446744073709551615\"", NULL },
		{ "[18446744073709551615.5]", NULL },
		{ "[1.18446744073709551615]", NULL },
		{ "[18446744073709551615e1, 1e18446744073709551615]", NULL },
		{ "18446744073709551615", "9223372036854775807 " },
		{ "\"", NULL },
		{ "\"\\", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *right = cases[i][1] ? cases[i][1] : cases[i][0];
		size_t length = strlen(cases[i][0]);
		/* What lies behind the text is not looked at. */
		char *text = malloc(length ? length : 1);

		cr_assert(text);
		memcpy(text, cases[i][0], length);
		json_clamp_integers(text, length);
		cr_expect_eq(memcmp(text, right, length), 0, "'%s' gives '%.*s'", cases[i][0],
			     (int)length, text);
		free(text);
	}
}
