// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char path[64];

static void make_file(const char *start, size_t length)
{
	cleanup_free char *content = malloc(length);
	size_t used = strlen(start);
	int fd;

	/* Blanks after a JSON text mean nothing. */
	memset(content, ' ', length);
	memcpy(content, start, used < length ? used : length);
	strcpy(path, "/tmp/cgfence-unit-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, content, length), (ssize_t)length);
	close(fd);
}

static void make_text_file(const char *text)
{
	make_file(text, strlen(text));
}

Test(policy_file, reads_a_file)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	make_text_file("{\"name\": \"from a file\", \"devices\": {}}");
	cr_expect_eq(cgfence_policy_read_file(path, &policy, &error), 0, "%s", error.text);
	unlink(path);
	cr_assert_not_null(policy);
	cr_expect_str_eq(cgfence_policy_name(policy), "from a file");
}

Test(policy_file, errors_name_the_file)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	char message[256];

	make_text_file("{\n  \"enforce\": 1\n}");
	cr_expect_eq(cgfence_policy_read_file(path, &policy, &error), -EINVAL);
	unlink(path);
	snprintf(message, sizeof(message), "%s:2:14: enforce: 1: this must be true or false", path);
	cr_expect_str_eq(error.text, message);
	cr_expect(error.invalid_input);
	cr_expect_null(policy);
}

Test(policy_file, without_a_name_it_is_the_default_policy)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_free char *text = NULL;
	cleanup_free char *right = policy_text_unquote(
		"{`enforce`: true,`devices`: {`defaults`: true,`allow`: [],`deny`: []}}");

	cr_assert_eq(cgfence_policy_read_file(NULL, &policy, NULL), 0);
	text = policy_text_format(policy);
	cr_expect_str_eq(text, right);
	cr_expect_eq(policy->devices.count, 14);
	cr_expect(cgfence_policy_enforces(policy));
	cr_expect_null(cgfence_policy_name(policy));
}

Test(policy_file, reads_standard_input_to_its_end)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	cr_assert_eq(write(ends[1], "{\"devices\"", 10), 10);
	cr_assert_eq(write(ends[1], ": {}}", 5), 5);
	close(ends[1]);
	cr_expect_eq(cgfence_policy_read_file("-", &policy, &error), 0, "%s", error.text);
	cr_expect_not_null(policy);
	cr_expect_neq(fcntl(STDIN_FILENO, F_GETFD), -1, "standard input was closed");
	cgfence_policy_free(policy);
	policy = NULL;
	cr_expect_eq(cgfence_policy_read_file("-", &policy, &error), -EINVAL);
	cr_expect_eq(strncmp(error.text, "standard input:1:", 17), 0, "%s", error.text);
}

Test(policy_file, a_file_that_cannot_be_read_is_no_invalid_input)
{
	static const struct {
		const char *path;
		int code;
		const char *message;
	} cases[] = {
		{ "/tmp/cgfence-absent.json", -ENOENT,
		  "cannot open the policy /tmp/cgfence-absent.json: No such file or directory" },
		{ "", -ENOENT, "cannot open the policy : No such file or directory" },
		{ "/tmp", -EINVAL,
		  "cannot read the policy /tmp: it is not a regular file; name one, or '-' for standard input" },
		{ "/dev/null", -EINVAL,
		  "cannot read the policy /dev/null: it is not a regular file; name one, or '-' for standard input" },
		{ "/dev/null/x", -ENOTDIR, "cannot open the policy /dev/null/x: Not a directory" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_policy_read_file(cases[i].path, &policy, &error),
			     cases[i].code, "'%s'", cases[i].path);
		cr_expect_str_eq(error.text, cases[i].message, "%s", error.text);
		cr_expect_not(error.invalid_input, "'%s'", cases[i].path);
		cr_expect_null(policy, "'%s'", cases[i].path);
	}
}

Test(policy_file, an_empty_file_is_refused)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	make_file("", 0);
	cr_expect_eq(cgfence_policy_read_file(path, &policy, &error), -EINVAL);
	cr_expect(strstr(error.text, ":1:1: "), "%s", error.text);
	cr_expect(error.invalid_input);
	unlink(path);
}

Test(policy_file, a_policy_of_1_mib_is_read_and_one_byte_more_is_refused)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_policy *longer = NULL;
	struct cgfence_error error = { 0 };
	char message[256];

	make_file("{\"devices\": {}}", 1024 * 1024);
	cr_expect_eq(cgfence_policy_read_file(path, &policy, &error), 0, "%s", error.text);
	unlink(path);
	make_file("{\"devices\": {}}", 1024 * 1024 + 1);
	cr_expect_eq(cgfence_policy_read_file(path, &longer, &error), -EINVAL);
	unlink(path);
	snprintf(message, sizeof(message), "%s: the policy is longer than 1 MiB", path);
	cr_expect_str_eq(error.text, message);
	cr_expect_null(longer);
}

#define ABSENT "{\"name\": \"n\", \"devices\": {\"allow\": [{\"path\": \"/dev/absent\", "

Test(policy_file, offline_a_device_need_not_exist)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_policy *none = NULL;
	struct cgfence_error error = { 0 };

	make_text_file(ABSENT "\"access\": \"rw\"}]}}");
	cr_expect_eq(cgfence_policy_read_file(path, &none, NULL), -EINVAL);
	cr_expect_eq(cgfence_policy_read_file_offline(path, &policy, &error), 0, "%s", error.text);
	unlink(path);
	cr_assert_not_null(policy);
	cr_expect_str_eq(cgfence_policy_name(policy), "n");
	make_text_file(ABSENT "\"access\": \"x\"}]}}");
	cr_expect_eq(cgfence_policy_read_file_offline(path, &none, &error), -EINVAL);
	cr_expect_not_null(strstr(error.text, "devices.allow[0].access: \"x\": unknown access"),
			   "%s", error.text);
	unlink(path);
}

/* Where entries are missing, nothing may be enforced, shown or compared. */
Test(policy_file, what_was_read_offline_is_good_for_nothing_else)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_policy struct cgfence_policy *copy = NULL;
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };
	char *text = NULL;

	make_text_file(ABSENT "\"access\": \"rw\"}]}}");
	cr_assert_eq(cgfence_policy_read_file_offline(path, &policy, NULL), 0);
	unlink(path);
	copy = policy_copy(policy);
	cr_expect_eq(image_compile(policy, 1, false, &image, &error), -EINVAL);
	cr_expect(error.invalid_input);
	cr_expect_eq(image_compile(copy, 1, false, &image, NULL), -EINVAL);
	cr_expect_eq(cgfence_policy_format(policy, &text, NULL), -EINVAL);
	cr_expect_eq(cgfence_policy_diff(policy, NULL, &text, NULL), -EINVAL);
	cr_expect_eq(cgfence_policy_diff_json(NULL, policy, &text, NULL), -EINVAL);
	cr_expect_null(text);
	policy_text_expect_no_leak();
}

/* Reads every example in a directory; the tests run at the top of the source tree. */
static void expect_examples(const char *directory, bool valid, size_t least)
{
	DIR *stream = opendir(directory);
	const struct dirent *file;
	size_t count = 0;

	cr_assert_not_null(stream, "%s cannot be read; run the tests at the top of the source tree",
			   directory);
	while ((file = readdir(stream))) {
		cleanup_policy struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };
		char example[512];
		int result;

		if (file->d_name[0] == '.')
			continue;
		count++;
		snprintf(example, sizeof(example), "%s/%s", directory, file->d_name);
		result = cgfence_policy_read_file(example, &policy, &error);
		if (valid) {
			cr_expect_eq(result, 0, "%s", error.text);
			continue;
		}
		cr_expect_eq(result, -EINVAL, "%s was taken", example);
		cr_expect(error.invalid_input, "%s", example);
		cr_expect_eq(strncmp(error.text, example, strlen(example)), 0, "%s: %s", example,
			     error.text);
	}
	closedir(stream);
	cr_expect_geq(count, least, "%s holds only %zu examples", directory, count);
	policy_text_expect_no_leak();
}

Test(policy_file, valid_examples_are_taken)
{
	expect_examples("tests/policies/valid", true, 20);
}

Test(policy_file, invalid_examples_are_refused)
{
	expect_examples("tests/policies/invalid", false, 40);
	expect_examples("tests/policies/invalid-beyond-schema", false, 8);
}

/* Nobody writes to it, so whoever opened it as a file would wait for ever. */
Test(policy_file, a_fifo_is_refused_at_once, .timeout = 30)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	make_text_file("");
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(cgfence_policy_read_file(path, &policy, &error), -EINVAL);
	cr_expect(strstr(error.text, "not a regular file"), "%s", error.text);
	unlink(path);
}
