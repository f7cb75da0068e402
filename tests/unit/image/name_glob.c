// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The automaton of a pattern, against fnmatch(3). */
#include "image/name_glob.h"
#include "base/splitmix64.h"

#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

TestSuite(name_glob);

static bool matches(const char *pattern, const char *name)
{
	struct cgfence_glob glob;

	cr_assert_gt(name_glob_compile(pattern, strlen(pattern), &glob), 0);
	return name_glob_matches(&glob, name);
}

static void make_text(uint64_t *state, const char *letters, size_t max, char *text)
{
	size_t length = 1 + splitmix64_next(state) % max;

	for (size_t i = 0; i < length; i++)
		text[i] = letters[splitmix64_next(state) % strlen(letters)];
	text[length] = '\0';
}

/* glibc has a range that nothing ends match nothing, where it takes other brackets that nothing closes for plain ones. */
static bool ends_in_range(const char *pattern)
{
	return strchr(pattern, '[') && pattern[strlen(pattern) - 1] == '-';
}

Test(name_glob, it_matches_what_fnmatch_does)
{
	uint64_t state = 5;
	unsigned int seen[2] = { 0 };

	for (int i = 0; i < 20000; i++) {
		struct cgfence_glob glob;
		char pattern[16];

		make_text(&state, "ab.*?[]!-^:", 10, pattern);
		if (ends_in_range(pattern))
			continue;
		name_glob_compile(pattern, strlen(pattern), &glob);
		for (int j = 0; j < 10; j++) {
			bool expected;
			char name[16];

			make_text(&state, "ab.*[]-", 6, name);
			expected = fnmatch(pattern, name, FNM_NOESCAPE | FNM_PERIOD) == 0;
			seen[expected]++;
			cr_expect_eq(name_glob_matches(&glob, name), expected, "%s and %s", pattern,
				     name);
		}
	}
	cr_expect_gt(seen[0], 1000);
	cr_expect_gt(seen[1], 1000);
}

Test(name_glob, classes_and_bytes)
{
	cr_expect(matches("[[:digit:]]x", "7x"));
	cr_expect_not(matches("[[:digit:]]x", "ax"));
	cr_expect(matches("?", "\xff"));
	cr_expect_not(matches("?", "\xc3\xa4"), "a byte is a character");
	cr_expect(matches("a\\*", "a\\b"), "a backslash is plain");
	cr_expect(matches("a[b", "a[b"));
}

Test(name_glob, a_period_at_the_beginning)
{
	cr_expect_not(matches("*", ".a"));
	cr_expect_not(matches("?a", ".a"));
	cr_expect_not(matches("[.]a", ".a"));
	cr_expect(matches(".*", ".a"));
	cr_expect(matches("*", "a."));
}

Test(name_glob, the_longest_names)
{
	char name[256];
	char pattern[300];

	memset(name, 'x', 255);
	name[255] = '\0';
	cr_expect(matches(name, name));
	cr_expect(matches("*x", name));
	name[254] = 'y';
	cr_expect_not(matches("*x", name));
	memset(pattern, '?', 255);
	pattern[255] = '\0';
	cr_expect(matches(pattern, name));
	memset(pattern, '?', 256);
	pattern[256] = '\0';
	cr_expect_not(matches(pattern, name), "no name is that long");
	snprintf(pattern, sizeof(pattern), "*%.60s*%.60s*y", name, name);
	cr_expect(matches(pattern, name));
}
