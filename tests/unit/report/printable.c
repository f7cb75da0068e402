// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/printable.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

Test(printable, text)
{
	static const struct {
		const char *text;
		const char *printable;
	} cases[] = {
		{ "web", "web" },
		{ "\xc3\xa9 clair", "\xc3\xa9 clair" },
		{ "a\x1b[31mb\n", "a\\x1b[31mb\\x0a" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" },
		{ "\x9b"
		  "31m",
		  "\\x9b31m" },
		{ "a\xc2\xad\xd8\x9c", "a\\xc2\\xad\\xd8\\x9c" },
		{ "\xe2\x80\xae"
		  "gpj.sh\xe2\x80\xac",
		  "\\xe2\\x80\\xaegpj.sh\\xe2\\x80\\xac" },
		{ "\xe2\x80\x8b\xe2\x80\xa8\xe2\x80\xa9\xe2\x81\xa9\xef\xbb\xbf",
		  "\\xe2\\x80\\x8b\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xe2\\x81\\xa9\\xef\\xbb\\xbf" },
		{ "\xf3\xa0\x81\xbf", "\\xf3\\xa0\\x81\\xbf" },
		/* Their neighbours are seen. */
		{ "\xe2\x80\x8a\xe2\x80\xa6\xf0\x9f\x98\x80\xf3\xa0\x84\x80",
		  "\xe2\x80\x8a\xe2\x80\xa6\xf0\x9f\x98\x80\xf3\xa0\x84\x80" },
		/* What is not UTF-8 is taken for Latin-1, where more bytes steer. */
		{ "\xc3\xa9\xff", "\\xc3\\xa9\\xff" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *printable = printable_copy(cases[i].text);

		cr_expect_str_eq(printable, cases[i].printable);
		free(printable);
	}
}

Test(printable, json_says_the_same)
{
	json_t *value = json_pack("{s:s}", "name",
				  "\x1b\x7f\xc2\x9b\xc3\xa9\xe2\x80\xae\xf3\xa0\x81\x81\n");
	char *text = json_dumps(value, JSON_INDENT(2));
	char *printable = printable_json(text);
	json_t *again = json_loads(printable, 0, NULL);

	cr_expect_str_eq(
		printable,
		"{\n  \"name\": \"\\u001B\\u007f\\u009b\xc3\xa9\\u202e\\udb40\\udc41\\n\"\n}");
	cr_expect(json_equal(value, again));
	json_decref(again);
	free(printable);
	free(text);
	json_decref(value);
}
