// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_diff.h"
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

Test(json_diff, shows_what_differs_below_its_keys)
{
	static const struct {
		const char *name;
		const char *before;
		const char *after;
		const char *diff;
	} cases[] = {
		{ "nothing", "{\n  `a`: 1\n}", "{\n  `a`: 1\n}", "" },
		{ "a value", "{\n  `a`: 1,\n  `b`: 2\n}", "{\n  `a`: 3,\n  `b`: 2\n}",
		  "-  `a`: 1\n+  `a`: 3\n" },
		/* The line before the last gets a comma, and that is no change of it. */
		{ "appended to a list", "{\n  `a`: [\n    1\n  ]\n}",
		  "{\n  `a`: [\n    1,\n    2\n  ]\n}", "   `a`: [\n+    2\n" },
		{ "taken from the end", "{\n  `a`: [\n    1,\n    2\n  ]\n}",
		  "{\n  `a`: [\n    1\n  ]\n}", "   `a`: [\n-    2\n" },
		{ "in the middle", "[\n  1,\n  3,\n  5\n]", "[\n  1,\n  2,\n  3,\n  4,\n  5\n]",
		  "+  2\n+  4\n" },
		{ "below two keys", "{\n  `d`: {\n    `x`: 0,\n    `a`: [\n      1\n    ]\n  }\n}",
		  "{\n  `d`: {\n    `x`: 0,\n    `a`: [\n      2\n    ]\n  }\n}",
		  "   `d`: {\n     `a`: [\n-      1\n+      2\n" },
		{ "a list that was empty", "{\n  `a`: []\n}", "{\n  `a`: [\n    1\n  ]\n}",
		  "-  `a`: []\n+  `a`: [\n+    1\n+  ]\n" },
		/* The bracket of one list is not that of another, and neither is a number. */
		{ "two lists", "{\n  `a`: [\n    1\n  ],\n  `b`: [\n    2\n  ]\n}",
		  "{\n  `a`: [\n    1,\n    2\n  ],\n  `b`: []\n}",
		  "   `a`: [\n+    2\n-  `b`: [\n-    2\n-  ]\n+  `b`: []\n" },
		{ "all of it", "", "{\n}", "-\n+{\n+}\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *diff = NULL;

		cr_assert_eq(json_diff(cases[i].before, cases[i].after, &diff), 0);
		cr_expect_str_eq(diff, cases[i].diff, "%s:\n%s", cases[i].name, diff);
	}
	policy_text_expect_no_leak();
}

/* Without a longest common sequence, what is shown is still the one text and the other. */
Test(json_diff, of_texts_too_long_to_compare)
{
	enum { LINES = 3000 };
	cleanup_free char *before = malloc(LINES * 16);
	cleanup_free char *after = malloc(LINES * 16);
	cleanup_free char *diff = NULL;
	char *a = before;
	char *b = after;
	size_t removed = 0;
	size_t added = 0;

	for (int i = 0; i < LINES; i++) {
		a += sprintf(a, "%d\n", 2 * i);
		b += sprintf(b, "%d\n", 3 * i + 1);
	}
	strcpy(a, "end");
	strcpy(b, "end");
	cr_assert_eq(json_diff(before, after, &diff), 0);
	for (const char *line = diff; *line; line = strchr(line, '\n') + 1) {
		removed += *line == '-';
		added += *line == '+';
	}
	cr_expect_eq(removed, LINES);
	cr_expect_eq(added, LINES);
}
