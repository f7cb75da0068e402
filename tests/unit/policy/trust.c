// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/trust.h"
#include "unit/support/policy_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char file[96];
static char link_to_file[96];

static void make_all(void)
{
	int fd;

	strcpy(directory, "/tmp/cgfence-unit-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/policy.json", directory);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	snprintf(link_to_file, sizeof(link_to_file), "%s.link", directory);
	cr_assert_eq(symlink(file, link_to_file), 0);
}

static void remove_all(void)
{
	unlink(link_to_file);
	unlink(file);
	rmdir(directory);
}

TestSuite(policy_trust, .init = make_all, .fini = remove_all);

static void expect(int (*check)(const char *path, struct cgfence_error *error), const char *path,
		   const char *message)
{
	struct cgfence_error error = { 0 };
	int result = check(path, &error);

	cr_expect_eq(result, message ? -EPERM : 0, "%s: %d", path, result);
	if (message)
		cr_expect(strstr(error.text, message), "%s", error.text);
}

static void skip_unless_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
}

Test(policy_trust, a_file_of_roots_in_a_directory_of_roots)
{
	skip_unless_root();
	expect(policy_trust_check, file, NULL);
	expect(cgfence_policy_file_check, file, NULL);
}

Test(policy_trust, a_file_that_others_can_write)
{
	skip_unless_root();
	chmod(file, 0620);
	expect(policy_trust_check, file, "mode is 0620");
	expect(cgfence_policy_file_check, file, "mode is 0620");
	chmod(file, 0602);
	expect(policy_trust_check, file, "mode is 0602");
}

Test(policy_trust, a_file_of_somebody_else)
{
	skip_unless_root();
	cr_assert_eq(chown(file, 65534, 0), 0);
	expect(policy_trust_check, file, "belongs to user 65534");
	expect(cgfence_policy_file_check, file, "belongs to user 65534");
}

Test(policy_trust, a_directory_that_others_can_write)
{
	skip_unless_root();
	chmod(directory, 0777);
	expect(policy_trust_check, file, directory);
	expect(cgfence_policy_file_check, file, directory);
	/* There others cannot replace what is root's. */
	chmod(directory, 01777);
	expect(policy_trust_check, file, directory);
	expect(cgfence_policy_file_check, file, NULL);
}

Test(policy_trust, a_directory_of_somebody_else)
{
	skip_unless_root();
	cr_assert_eq(chown(directory, 65534, 0), 0);
	expect(policy_trust_check, file, "belongs to user 65534");
	expect(cgfence_policy_file_check, file, "belongs to user 65534");
}

/* Whoever can change the link chooses the policy, and whoever can change what it leads to as well. */
Test(policy_trust, a_link_counts_with_its_directory_and_with_its_target)
{
	skip_unless_root();
	expect(policy_trust_check, link_to_file, "/tmp");
	expect(cgfence_policy_file_check, link_to_file, NULL);
	chmod(file, 0666);
	expect(cgfence_policy_file_check, link_to_file, "mode is 0666");
}

Test(policy_trust, a_file_that_is_not_there)
{
	struct cgfence_error error = { 0 };

	unlink(file);
	cr_expect_eq(policy_trust_check(file, &error), -ENOENT);
	cr_expect(strstr(error.text, file), "%s", error.text);
}
