// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_reader.h"
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <string.h>

/* A stand-in for the target of the sections of a policy. */
struct target {
	char *label;
	bool flag;
	int word;
	struct target *inner;
	unsigned int elements;
};

static const char *const words[] = { "one", "two", NULL };

static int read_word(struct reader *reader, const json_t *value, void *target)
{
	return reader_read_word(reader, value, words, target);
}

static int count_element(struct reader *reader, const json_t *element, void *target)
{
	if (!json_is_integer(element))
		return reader_refuse(reader, element, "this must be a %s", "number");
	++*(unsigned int *)target;
	return 0;
}

static int read_list(struct reader *reader, const json_t *value, void *target)
{
	return reader_read_list(reader, value, count_element, target);
}

static int read_inner(struct reader *reader, const json_t *value, void *target)
{
	static const struct reader_key keys[] = { { "list", read_list, 0 }, { 0 } };

	return reader_read_object(reader, value, keys, target);
}

static const struct reader_key keys[] = {
	{ "label", reader_read_string, offsetof(struct target, label) },
	{ "flag", reader_read_bool, offsetof(struct target, flag) },
	{ "word", read_word, offsetof(struct target, word) },
	{ "inner", read_inner, offsetof(struct target, elements) },
	{ 0 },
};

static int read_text(const char *quoted, struct target *target, struct cgfence_error *error)
{
	cleanup_free char *text = policy_text_unquote(quoted);
	json_t *root = json_loads(text, JSON_DECODE_ANY, NULL);
	struct reader reader = {
		.text = text, .length = strlen(text), .origin = "p.json", .error = error
	};
	int result;

	cr_assert_not_null(root, "%s", text);
	result = reader_read_object(&reader, root, keys, target);
	cr_expect_eq(reader.place.depth, 0, "%s: the place is not left", text);
	json_decref(root);
	return result;
}

Test(json_reader, reads_each_key_into_its_field)
{
	struct target target = { 0 };
	struct cgfence_error error = { 0 };

	cr_assert_eq(
		read_text(
			"{`word`: `two`, `inner`: {`list`: [1, 2, 3]}, `flag`: true, `label`: `text`}",
			&target, &error),
		0, "%s", error.text);
	cr_expect_str_eq(target.label, "text");
	cr_expect(target.flag);
	cr_expect_eq(target.word, 1);
	cr_expect_eq(target.elements, 3);
	free(target.label);
	cr_assert_eq(read_text("{`flag`: false}", &target, &error), 0);
	cr_expect_not(target.flag);
}

Test(json_reader, says_what_is_wrong_and_where)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "[]", "p.json:1:1: []: this must be an object, in braces" },
		{ "\n 42", "p.json:2:2: 42: this must be an object, in braces" },
		{ "{`flga`: true}",
		  "p.json:1:10: flga: true: unknown key; the keys are label, flag, word, inner" },
		{ "{`flag`: 1}", "p.json:1:10: flag: 1: this must be true or false" },
		{ "{`flag`: null}", "p.json:1:10: flag: null: this must be true or false" },
		{ "{`flag`: `true`}", "p.json:1:10: flag: `true`: this must be true or false" },
		{ "{`label`: ``}",
		  "p.json:1:11: label: ``: this must be a string that is not empty" },
		{ "{`label`: 3}",
		  "p.json:1:11: label: 3: this must be a string that is not empty" },
		{ "{`word`: `three`}",
		  "p.json:1:10: word: `three`: this must be one of `one`, `two`" },
		{ "{`word`: `ONE`}", "p.json:1:10: word: `ONE`: this must be one of `one`, `two`" },
		{ "{`word`: 1}", "p.json:1:10: word: 1: this must be one of `one`, `two`" },
		{ "{`inner`: []}", "p.json:1:11: inner: []: this must be an object, in braces" },
		{ "{`inner`: {`lst`: []}}",
		  "p.json:1:19: inner.lst: []: unknown key; the keys are list" },
		{ "{`inner`: {`list`: [1,\n 2, [{`a`: 1.5}]]}}",
		  "p.json:2:5: inner.list[2]: [{`a`:1.5}]: this must be a number" },
		/* Quoted as JSON, so that invisible characters become visible. */
		{ "{`word`: `a\\u0007b`}",
		  "p.json:1:10: word: `a\\u0007b`: this must be one of `one`, `two`" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *message = policy_text_unquote(cases[i].message);
		struct cgfence_error error = { 0 };
		struct target target = { 0 };

		cr_expect_eq(read_text(cases[i].text, &target, &error), -EINVAL, "%s",
			     cases[i].text);
		cr_expect_str_eq(error.text, message, "\n  is     %s\n  not    %s", error.text,
				 message);
		cr_expect(error.invalid_input, "%s", cases[i].text);
		cr_expect_null(target.label, "%s", cases[i].text);
	}
	policy_text_expect_no_leak();
}

Test(json_reader, cuts_a_long_value_between_characters)
{
	static const struct {
		const char *letter;
		size_t count;
	} cases[] = {
		{ "x", 70 },	   { "x", 77 },	      { "x", 78 },	     { "x", 10000 },
		{ "\u00e9", 500 }, { "\u20ac", 500 }, { "\U0001f600", 500 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Every alignment of the cut with the characters. */
		for (size_t shift = 0; shift < 4; shift++) {
			size_t size = 64 + cases[i].count * strlen(cases[i].letter);
			cleanup_free char *text = calloc(1, size);
			struct cgfence_error error = { 0 };
			struct target target = { 0 };
			json_t *said;

			strcpy(text, "{`flag`: `");
			memcpy(text + strlen(text), "yyyy", shift);
			for (size_t j = 0; j < cases[i].count; j++)
				strcat(text + strlen(text), cases[i].letter);
			strcat(text, "`}");
			cr_assert_eq(read_text(text, &target, &error), -EINVAL);
			cr_expect_lt(strlen(error.text), 200, "%s", error.text);
			cr_expect_not_null(strstr(error.text, ": this must be true or false"));
			if (cases[i].count > 100)
				cr_expect_not_null(strstr(error.text, "...: "), "%s", error.text);
			said = json_string(error.text);
			cr_expect_not_null(said, "the message is no UTF-8: %s", error.text);
			json_decref(said);
		}
	}
}

Test(json_reader, takes_no_error_to_fill)
{
	struct target target = { 0 };

	cr_expect_eq(read_text("{`flag`: 1}", &target, NULL), -EINVAL);
}

Test(json_reader, an_unknown_key_is_shown_without_its_control_characters)
{
	struct cgfence_error error = { 0 };
	struct target target = { 0 };

	cr_assert_eq(read_text("{`a\\u001b[31m\\nb`: 1}", &target, &error), -EINVAL);
	for (const char *p = error.text; *p; p++)
		cr_expect((unsigned char)*p >= ' ', "byte %d is in the message", *p);
}
