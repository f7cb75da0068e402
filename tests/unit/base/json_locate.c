// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_locate.h"
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <string.h>

#define KEY(name)             \
	{                     \
		.key = (name) \
	}
#define INDEX(number)             \
	{                         \
		.index = (number) \
	}

Test(json_locate, finds_line_and_column)
{
	static const struct {
		const char *text;
		struct json_place place;
		size_t line; /* 0: there is no such place */
		size_t column;
	} cases[] = {
		{ "{}", { .depth = 0 }, 1, 1 },
		{ " \t\n {}", { .depth = 0 }, 2, 2 },
		{ "{`a`:1}", { { KEY("a") }, 1 }, 1, 6 },
		{ "{`a`: 1}", { { KEY("a") }, 1 }, 1, 7 },
		{ "{`a` : 1}", { { KEY("a") }, 1 }, 1, 8 },
		{ "{\n`a`:\n1}", { { KEY("a") }, 1 }, 3, 1 },
		{ "{\r\n  `a`: 1\r\n}", { { KEY("a") }, 1 }, 2, 8 },
		{ "{\t`a`:\t1}", { { KEY("a") }, 1 }, 1, 8 },
		{ "{`a`: 1, `b`: 2}", { { KEY("b") }, 1 }, 1, 15 },
		{ "{`a`: 1, `b`: 2}", { { KEY("c") }, 1 }, 0, 0 },
		{ "{}", { { KEY("c") }, 1 }, 0, 0 },
		{ "[1]", { { KEY("c") }, 1 }, 0, 0 },
		/* The look-alike of the key is a value, is deeper, or is inside a string. */
		{ "{`b`: `a`, `a`: 2}", { { KEY("a") }, 1 }, 1, 17 },
		{ "{`b`: {`a`: 1}, `a`: 2}", { { KEY("a") }, 1 }, 1, 22 },
		{ "{`b`: [`a`, 1], `a`: 2}", { { KEY("a") }, 1 }, 1, 22 },
		{ "{`b`: `\\`a\\`: 1`, `a`: 2}", { { KEY("a") }, 1 }, 1, 24 },
		{ "{`b`: `}`, `a`: 2}", { { KEY("a") }, 1 }, 1, 17 },
		{ "{`b`: `\\\\`, `a`: 2}", { { KEY("a") }, 1 }, 1, 18 },
		{ "{`aa`: 1, `a`: 2}", { { KEY("a") }, 1 }, 1, 16 },
		{ "{`\\u0061`: 1}", { { KEY("a") }, 1 }, 1, 12 },
		{ "{``: 1}", { { KEY("") }, 1 }, 1, 6 },
		/* The column counts characters, whatever bytes they have. */
		{ "{`\u00e9`: 1, `a`: 2}", { { KEY("a") }, 1 }, 1, 15 },
		{ "{`\u20ac`:\n`\u20ac`, `a`: 2}", { { KEY("a") }, 1 }, 2, 11 },
		/* Values of every kind are stepped over. */
		{ "{`a`: -1.5e+3, `b`: true, `c`: null, `d`: {}, `e`: [], `f`: false, `g`: 0}",
		  { { KEY("g") }, 1 },
		  1,
		  73 },
		{ "[1]", { { INDEX(0) }, 1 }, 1, 2 },
		{ "[ 1, 22 ,\n 3]", { { INDEX(1) }, 1 }, 1, 6 },
		{ "[ 1, 22 ,\n 3]", { { INDEX(2) }, 1 }, 2, 2 },
		{ "[`a,b`, [1, 2], {`c`: 3}, 4]", { { INDEX(3) }, 1 }, 1, 27 },
		{ "{`a`: 1}", { { INDEX(0) }, 1 }, 0, 0 },
		{ "{`ports`: {`tcp`: [1, 2,\n  3]}}",
		  { { KEY("ports"), KEY("tcp"), INDEX(2) }, 3 },
		  2,
		  3 },
		{ "{`devices`: {`allow`: [`c`, {`device`: {`path`: 7}}]}}",
		  { { KEY("devices"), KEY("allow"), INDEX(1), KEY("device"), KEY("path") }, 5 },
		  1,
		  49 },
		{ "[[[[[[[[7]]]]]]]]",
		  { { INDEX(0), INDEX(0), INDEX(0), INDEX(0), INDEX(0), INDEX(0), INDEX(0),
		      INDEX(0) },
		    8 },
		  1,
		  9 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text = policy_text_unquote(cases[i].text);
		/* Without a NUL, in memory of exactly its size. */
		size_t length = strlen(text);
		cleanup_free char *exact = malloc(length);
		size_t column = 77;
		size_t line = 77;
		bool found;

		memcpy(exact, text, length);
		found = json_locate(exact, length, &cases[i].place, &line, &column);
		cr_expect_eq(found, cases[i].line != 0, "case %zu: %s", i, text);
		if (!found)
			cr_expect(line == 77 && column == 77, "case %zu: %s: changed", i, text);
		else
			cr_expect(line == cases[i].line && column == cases[i].column,
				  "case %zu: %s: is %zu:%zu, not %zu:%zu", i, text, line, column,
				  cases[i].line, cases[i].column);
	}
	policy_text_expect_no_leak();
}

Test(json_locate, finds_the_place_of_a_key)
{
	/* The key ends at the mark, which is removed. The text after it may be invalid. */
	static const struct {
		const char *text;
		const char *place;
	} cases[] = {
		{ "{`a`|: 1}", "a" },
		{ "{`a`: 1, `b`|", "b" },
		{ "{`a`: 1, `a`|: 2}", "a" },
		{ "{`b`: {`a`: 1}, `a`|: 2}", "a" },
		{ "{`b`: {`a`: 1, `c`: 2, `a`|: [", "b.a" },
		{ "{`b`: [1, {`a`: 1}, {`a`: 1, `a`|}", "b[2].a" },
		{ "[[], [{`x`: {`a b`|: }}]]", "[1][0].x.\"a b\"" },
		{ "[[[[[[[[[{`a`|: 1}]]]]]]]]]", "[0][0][0][0][0][0][0][0]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text = policy_text_unquote(cases[i].text);
		char *mark = strchr(text, '|');
		size_t length = strlen(text) - 1;
		cleanup_free char *exact = malloc(length);
		char place[64];

		memmove(mark, mark + 1, strlen(mark));
		memcpy(exact, text, length);
		json_place_of_error(exact, length, (size_t)(mark - text), place, sizeof(place));
		cr_expect_str_eq(place, cases[i].place, "%s: %s", text, place);
	}
	policy_text_expect_no_leak();
}

Test(json_locate, formats_places)
{
	static const struct {
		struct json_place place;
		const char *text;
	} cases[] = {
		{ { .depth = 0 }, "" },
		{ { { KEY("ports") }, 1 }, "ports" },
		{ { { KEY("ports"), INDEX(0) }, 2 }, "ports[0]" },
		{ { { KEY("ports"), KEY("tcp"), INDEX(2) }, 3 }, "ports.tcp[2]" },
		{ { { INDEX(12), INDEX(3) }, 2 }, "[12][3]" },
		{ { { KEY("allowed_devices"), INDEX(10), KEY("access"), KEY("read") }, 4 },
		  "allowed_devices[10].access.read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64];

		json_place_format(&cases[i].place, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].text);
	}
}

Test(json_locate, cuts_a_place_that_does_not_fit)
{
	const struct json_place place = { { KEY("ports"), KEY("tcp"), INDEX(2) }, 3 };

	for (size_t size = 1; size <= 13; size++) {
		cleanup_free char *text = malloc(size);

		json_place_format(&place, text, size);
		cr_expect_eq(strlen(text), size - 1);
		cr_expect_eq(strncmp(text, "ports.tcp[2]", size - 1), 0, "%s", text);
	}
}
