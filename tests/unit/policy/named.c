// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/cgfence-test-named-XXXXXX";

static void begin(void)
{
	cr_assert_not_null(mkdtemp(directory));
}

static void end(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/web.json", directory);
	unlink(path);
	cr_expect_eq(rmdir(directory), 0);
}

TestSuite(policy_named, .init = begin, .fini = end);

static void write_policy(mode_t mode)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/web.json", directory);
	file = fopen(path, "we");
	cr_assert_not_null(file);
	fputs("{\"name\": \"web\", \"ports\": [80]}", file);
	fclose(file);
	cr_assert_eq(chmod(path, mode), 0);
}

static int read_named(const char *name, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	int result = cgfence_policy_read_named(directory, name, &policy, error);

	cr_expect_eq(policy != NULL, result == 0);
	return result;
}

Test(policy_named, is_the_file_of_that_name)
{
	struct cgfence_error error = { 0 };

	if (geteuid() != 0)
		cr_skip_test("it needs root");
	write_policy(0644);
	cr_expect_eq(read_named("web", &error), 0, "%s", error.text);
	cr_expect_eq(read_named("db", &error), -ENOENT);
	cr_expect_not_null(strstr(error.text, "/db.json"), "%s", error.text);
}

Test(policy_named, leads_nowhere_else)
{
	static const char *const names[] = { "",      ".",     "..",   "../web",
					     "./web", "a/web", ".web", "/web" };
	char long_name[300];
	struct cgfence_error error = { 0 };

	write_policy(0644);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_expect_eq(read_named(names[i], &error), -EINVAL, "%s", names[i]);
		cr_expect_not_null(strstr(error.text, "cannot be the name of a policy"));
	}
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	cr_expect_eq(read_named(long_name, &error), -EINVAL);
}

Test(policy_named, is_not_what_others_can_write)
{
	struct cgfence_error error = { 0 };

	write_policy(0666);
	cr_expect_eq(read_named("web", &error), -EPERM);
	cr_expect_not_null(strstr(error.text, "others than root can change"), "%s", error.text);
}
