// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_directory.h"
#include "unit/support/policy_text.h"

#include <cgfence/apply.h>
#include <stdio.h>
#include <string.h>

/* What was told, a line for each file: its last component, what it names, and the error without the path of the test. */
static char told[2048];

/* Of an error the first words are enough, unless this is set. */
static bool whole;

static void begin(void)
{
	policy_directory_make();
	told[0] = '\0';
}

TestSuite(policy_check, .init = begin, .fini = policy_directory_remove);

static void copy_without_directory(const char *text, char *copy, size_t size)
{
	const char *directory = policy_directory_path("");
	size_t used = 0;

	while (*text && used + 1 < size) {
		if (strncmp(text, directory, strlen(directory)) == 0)
			text += strlen(directory);
		copy[used++] = *text++;
	}
	copy[used] = '\0';
}

static void tell(const struct cgfence_policy_checked *checked, void *context)
{
	const char *slash = strrchr(checked->origin, '/');
	char message[256] = "valid";
	size_t used = strlen(told);

	cr_expect_eq(context, told);
	if (checked->error)
		copy_without_directory(checked->error->text, message, sizeof(message));
	snprintf(told + used, sizeof(told) - used, "%s %s %s: %.*s\n",
		 slash && slash[1] ? slash + 1 : checked->origin,
		 checked->name ? checked->name : "-", checked->cgroup ? checked->cgroup : "-",
		 whole ? 200 : 40, message);
	if (checked->error && checked->error->invalid_input)
		snprintf(told + strlen(told), sizeof(told) - strlen(told), "  (invalid)\n");
}

static void check(const char *const *paths, size_t count, unsigned int flags)
{
	struct cgfence_error error = { 0 };

	told[0] = '\0';
	cr_assert_eq(cgfence_policy_check(paths, count, flags, tell, told, &error), 0, "%s",
		     error.text);
	policy_text_expect_no_leak();
}

Test(policy_check, tells_of_all_files_and_not_only_of_the_first_that_is_bad)
{
	const char *const paths[] = { policy_directory_path(""), "/nowhere/x.json" };

	policy_directory_write("1.json", "{`devices`: 7}");
	policy_directory_write("2.json", "{`name`: `n`, `devices`: {}}");
	policy_directory_write("3.json", "{`cgroup`: `a/*`, `devices`: {}}");
	policy_directory_write("4.json", "{");
	check(paths, 2, 0);
	cr_expect_str_eq(told,
			 "1.json - -: 1.json:1:13: devices: 7: this must be an\n  (invalid)\n"
			 "2.json n -: valid\n"
			 "3.json - a/*: valid\n"
			 "4.json - -: 4.json:1:1: this is not JSON: string or \n  (invalid)\n"
			 "x.json - -: cannot open the policy /nowhere/x.json: \n",
			 "%s", told);
}

Test(policy_check, finds_conflicts_between_all_that_is_named)
{
	const char *const paths[] = {
		policy_directory_write("a", "{`cgroup`: `/x/y`, `devices`: {}}"),
		policy_directory_path(""),
	};

	policy_directory_write("1.json", "{`cgroup`: `x//y/`, `ports`: []}");
	policy_directory_write("2.json", "{`cgroup`: `/x/*`, `ports`: []}");
	policy_directory_write("3.json", "{`cgroup`: `/x/*`, `ports`: []}");
	policy_directory_write("4.json", "{`cgroup`: `/x/?`, `ports`: []}");
	policy_directory_write("5.json", "{`ports`: []}");
	policy_directory_write("6.json", "{`ports`: []}");
	/* What is invalid is in nobody's way. */
	policy_directory_write("7.json", "{`cgroup`: `/x/?`, `ports`: 7}");
	check(paths, 2, 0);
	cr_expect_str_eq(told,
			 "a - /x/y: valid\n"
			 "1.json - x//y/: a and 1.json both name the cgroup /x/y; \n  (invalid)\n"
			 "2.json - /x/*: valid\n"
			 "3.json - /x/*: 2.json and 3.json both name the cgroup /\n  (invalid)\n"
			 "4.json - /x/?: valid\n"
			 "5.json - -: valid\n"
			 "6.json - -: valid\n"
			 "7.json - -: 7.json:1:29: ports: 7: this must be a li\n  (invalid)\n",
			 "%s", told);
}

/* As apply, which fences nothing before the conflict is gone. */
Test(policy_check, a_policy_that_cannot_be_resolved_here_conflicts_all_the_same)
{
	const char *const paths[] = { policy_directory_path("") };

	policy_directory_write("1.json", "{`name`: `n`, `cgroup`: `/x`, `devices`: {`allow`:"
					 " [`/dev/absent rw`]}}");
	policy_directory_write("2.json", "{`cgroup`: `/x`, `ports`: []}");
	policy_directory_write("3.json", "{`cgroup`: `/y`, `ports`: []}");
	policy_directory_write("4.json", "{`cgroup`: `/y`, `devices`: {`allow`:"
					 " [`/dev/absent rw`]}}");
	check(paths, 1, 0);
	cr_expect_str_eq(told,
			 "1.json n /x: 1.json:1:53: devices.allow[0]: \"/dev/abs\n  (invalid)\n"
			 "2.json - /x: 1.json and 2.json both name the cgroup /\n  (invalid)\n"
			 "3.json - /y: valid\n"
			 "4.json - /y: 3.json and 4.json both name the cgroup /\n  (invalid)\n",
			 "%s", told);
}

Test(policy_check, offline_does_not_ask_for_devices)
{
	const char *const paths[] = { policy_directory_write(
		"1.json", "{`devices`: {`allow`: [{`path`: `/dev/absent`, `access`: `rw`}]}}") };

	check(paths, 1, 0);
	cr_expect_not_null(strstr(told, "(invalid)"), "%s", told);
	check(paths, 1, CGFENCE_POLICY_CHECK_OFFLINE);
	cr_expect_str_eq(told, "1.json - -: valid\n", "%s", told);
	policy_directory_write("1.json",
			       "{`devices`: {`allow`: [{`path`: `dev/absent`, `access`: `rw`}]}}");
	check(paths, 1, CGFENCE_POLICY_CHECK_OFFLINE);
	cr_expect_not_null(strstr(told, "(invalid)"), "%s", told);
}

Test(policy_check, a_directory_without_policies_is_told)
{
	const char *const paths[] = { policy_directory_path("") };

	check(paths, 1, 0);
	cr_expect_not_null(strstr(told, " - -: "), "%s", told);
	cr_expect_null(strstr(told, "(invalid)"), "%s", told);
	check(paths, 0, 0);
	cr_expect_str_eq(told, "");
}

/* What applying refuses, whatever is on this host. */
Test(policy_check, a_cgroup_that_cannot_be_fenced_is_invalid)
{
	static const struct {
		const char *cgroup;
		const char *reason;
	} cases[] = {
		{ "/", "this is the root cgroup" },
		{ "//.", "this is the root cgroup" },
		{ "*", "this is a pattern for every cgroup" },
		{ "/*/*", "this is a pattern for every cgroup" },
		{ "a/./b*", "a pattern cannot have the component '.'" },
		{ "a/../b*", "a pattern cannot have the component '..'" },
		{ "pid:*", "stands for one cgroup" },
		{ "pid:x", "names no process" },
		{ "id:x", "is not the id of a cgroup" },
		/* Which one is meant is not known. */
		{ "pid:1", NULL },
		{ "none/of/it", NULL },
		{ "a/./b", NULL },
	};
	const char *const paths[] = { policy_directory_path("") };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "{`devices`: {},\n `cgroup`: `%s`}", cases[i].cgroup);
		policy_directory_write("1.json", text);
		whole = true;
		check(paths, 1, CGFENCE_POLICY_CHECK_OFFLINE);
		whole = false;
		snprintf(text, sizeof(text), "1.json:2:12: cgroup: \"%s\": ", cases[i].cgroup);
		if (cases[i].reason) {
			cr_expect_not_null(strstr(told, text), "%s", told);
			cr_expect_not_null(strstr(told, cases[i].reason), "%s", told);
			cr_expect_not_null(strstr(told, "(invalid)"), "%s", told);
		} else {
			cr_expect_not_null(strstr(told, ": valid\n"), "%s", told);
		}
	}
}

Test(policy_check, exceptions_of_a_plain_cgroup_are_shown_where_they_are)
{
	const char *const paths[] = { policy_directory_path("") };

	policy_directory_write("1.json", "{`ports`: [],\n`cgroup`: `x`, `except`: [`a`]}");
	check(paths, 1, 0);
	cr_expect_not_null(strstr(told, "1.json:2:26: except: [\"a\"]: "), "%s", told);
}
