// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "unit/support/policy_text.h"

#include <jansson.h>
#include <string.h>

Test(error, says_what_and_whose_fault_it_is)
{
	struct cgfence_error error = { 0 };

	cr_expect_eq(error_set(&error, EPERM, "cannot %s", "do it"), -EPERM);
	cr_expect_str_eq(error.text, "cannot do it");
	cr_expect_not(error.invalid_input);
	cr_expect_eq(error_set_invalid(&error, "%d is too much", 7), -EINVAL);
	cr_expect_str_eq(error.text, "7 is too much");
	cr_expect(error.invalid_input);
	cr_expect_eq(error_out_of_memory(&error), -ENOMEM);
	cr_expect_str_eq(error.text, "out of memory");
	cr_expect_not(error.invalid_input);
}

Test(error, context_comes_before_and_leaves_the_fault_where_it_is)
{
	struct cgfence_error error = { 0 };

	error_set_invalid(&error, "the major is over %u", 4095);
	error_wrap(&error, "'%s'", "c 5000:1 r");
	error_wrap(&error, "cannot fence %s", "/a");
	cr_expect_str_eq(error.text, "cannot fence /a: 'c 5000:1 r': the major is over 4095");
	cr_expect(error.invalid_input);
}

Test(error, nobody_need_listen)
{
	cr_expect_eq(error_set(NULL, ENOENT, "nothing"), -ENOENT);
	cr_expect_eq(error_set_invalid(NULL, "nothing"), -EINVAL);
	cr_expect_eq(error_out_of_memory(NULL), -ENOMEM);
	error_wrap(NULL, "nothing");
}

Test(error, a_long_text_is_cut)
{
	struct cgfence_error error = { 0 };
	char text[2 * sizeof(error.text)];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&error, EIO, "%s", text);
	cr_expect_eq(strlen(error.text), sizeof(error.text) - 1);
	error_wrap(&error, "at the end");
	cr_expect_eq(strlen(error.text), sizeof(error.text) - 1);
	cr_expect_eq(strncmp(error.text, "at the end: xxx", 15), 0, "%s", error.text);
	error_wrap(&error, "%s", text);
	cr_expect_eq(strlen(error.text), sizeof(error.text) - 1);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* A path may be longer than the text, and what matters comes behind it. */
Test(error, a_long_path_leaves_room_for_the_reason)
{
	struct cgfence_error error = { 0 };
	char path[3 * sizeof(error.text)];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	error_set(&error, ENOENT, "there is no such cgroup: %s: %s", path, "No such file");
	cr_expect_eq(strlen(error.text), sizeof(error.text) - 1);
	cr_expect_eq(strncmp(error.text, "there is no such cgroup: /xxx", 29), 0, "%s", error.text);
	cr_expect(strstr(error.text, "xxx...xxx"));
	cr_expect(ends_with(error.text, "xxx: No such file"), "%s", error.text);
	error_set_invalid(&error, "the major is over 4095");
	error_wrap(&error, "%s", path);
	error_wrap(&error, "cannot fence %s", path);
	cr_expect_eq(strlen(error.text), sizeof(error.text) - 1);
	cr_expect(ends_with(error.text, "xxx: the major is over 4095"), "%s", error.text);
}

/* Half a character would make the whole text none in UTF-8. */
Test(error, no_character_is_cut)
{
	struct cgfence_error error = { 0 };

	for (size_t shift = 0; shift < 3; shift++) {
		char path[3 * sizeof(error.text) + 1];
		json_t *text;

		for (size_t i = 0; i < sizeof(path) - 1; i += 3)
			memcpy(path + i, "\xe6\x97\xa5", 3);
		path[sizeof(path) - 1] = '\0';
		error_set(&error, ENOENT, "%.*s/%s: it is gone", (int)shift, "abc", path);
		cr_expect(ends_with(error.text, ": it is gone"), "%s", error.text);
		text = json_string(error.text);
		cr_expect(text, "%s", error.text);
		json_decref(text);
	}
}
