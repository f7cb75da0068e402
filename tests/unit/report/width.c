// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/width.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ELLIPSIS "\xe2\x80\xa6"

Test(width, counts_columns)
{
	static const struct {
		const char *text;
		size_t columns;
	} cases[] = {
		{ "", 0 },
		{ "web", 3 },
		{ "an \xc3\xa9"
		  "clair",
		  9 },
		{ "e\xcc\x81", 1 }, /* with a combining accent */
		{ "\xe4\xb8\xad\xe6\x96\x87", 4 },
		{ "\xff", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(width_of(cases[i].text), cases[i].columns, "'%s' is %zu",
			     cases[i].text, width_of(cases[i].text));
}

Test(width, shortens)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *shortened;
	} cases[] = {
		{ "nginx", 5, "nginx" },
		{ "nginx", 4, "ngi" ELLIPSIS },
		{ "nginx", 1, ELLIPSIS },
		{ "/machine/web", 12, "/machine/web" },
		{ "/machine/web", 5, ELLIPSIS "/web" },
		/* A character of two columns does not fit into one. */
		{ "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 4, "\xe4\xb8\xad" ELLIPSIS },
		{ "/\xe4\xb8\xad\xe6\x96\x87", 4, ELLIPSIS "\xe6\x96\x87" },
		{ "", 4, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shortened = width_shorten(cases[i].text, cases[i].columns);

		cr_expect_str_eq(shortened, cases[i].shortened);
		free(shortened);
	}
}

Test(width, substitutes)
{
	static const struct {
		const char *text;
		bool ascii;
		const char *substituted;
	} cases[] = {
		{ "web-1", true, "web-1" },
		{ "caf\xc3\xa9 " ELLIPSIS "/\xe4\xb8\xad", false,
		  "caf\xc3\xa9 " ELLIPSIS "/\xe4\xb8\xad" },
		{ "caf\xc3\xa9 " ELLIPSIS "/\xe4\xb8\xad", true, "caf? ~/??" },
		{ "e\xcc\x81", false, "e\xcc\x81" },
		{ "e\xcc\x81", true, "e" },
		/* A line separator, which has no width, and what is not UTF-8. */
		{ "a\xe2\x80\xa8"
		  "b\xff",
		  false, "a?b?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *substituted = width_substitute(cases[i].text, cases[i].ascii);

		cr_expect_str_eq(substituted, cases[i].substituted, "'%s'", substituted);
		free(substituted);
	}
}
