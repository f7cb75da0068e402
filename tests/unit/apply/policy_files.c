// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/policy_files.h"
#include "unit/support/policy_directory.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

static void begin(void)
{
	policy_directory_make();
}

TestSuite(policy_files, .init = begin, .fini = policy_directory_remove);

Test(policy_files, of_a_directory_in_the_order_of_their_names)
{
	const char *directory = policy_directory_path("");
	struct cgfence_error error = { 0 };
	char **files = NULL;
	size_t count = 0;

	policy_directory_write("b.json", "");
	policy_directory_write("a.json", "");
	policy_directory_write("10.json", "");
	policy_directory_write(".hidden.json", "");
	policy_directory_write(".json", "");
	policy_directory_write("a.json~", "");
	policy_directory_write("json", "");
	cr_assert_eq(policy_files_list(directory, &files, &count, &error), 0, "%s", error.text);
	cr_assert_eq(count, 3);
	/* The path ends in a slash already. */
	cr_expect_str_eq(files[0], policy_directory_path("10.json"));
	cr_expect_str_eq(files[1], policy_directory_path("a.json"));
	cr_expect_str_eq(files[2], policy_directory_path("b.json"));
	policy_files_free(files, count);
	policy_text_expect_no_leak();
}

Test(policy_files, what_is_no_directory_is_one_file)
{
	static const char *const paths[] = { "-", "/nowhere/p", "/dev/null", "" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char **files = NULL;
		size_t count = 0;

		cr_assert_eq(policy_files_list(paths[i], &files, &count, NULL), 0);
		cr_assert_eq(count, 1);
		cr_expect_str_eq(files[0], paths[i]);
		policy_files_free(files, count);
	}
	policy_text_expect_no_leak();
}

Test(policy_files, an_empty_directory_has_none)
{
	char **files = NULL;
	size_t count = 99;

	cr_assert_eq(policy_files_list(policy_directory_path(""), &files, &count, NULL), 0);
	cr_expect_eq(count, 0);
	policy_files_free(files, count);
	policy_text_expect_no_leak();
}
