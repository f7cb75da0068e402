// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/policy_set.h"
#include "unit/support/policy_directory.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void begin(void)
{
	policy_directory_make();
}

TestSuite(policy_set, .init = begin, .fini = policy_directory_remove);

Test(policy_set, knows_of_each_policy_what_a_plan_needs)
{
	struct cgfence_policy_set *set = NULL;
	struct cgfence_error error = { 0 };

	policy_directory_write("2.json", "{`cgroup`: `/a/web-*`, `devices`: {}}");
	policy_directory_write("1.json", "{`cgroup`: `/a`, `ports`: [80, 80]}");
	cr_assert_eq(cgfence_policy_set_read(policy_directory_path(""), 0, &set, &error), 0, "%s",
		     error.text);
	cr_assert_eq(set->count, 2);
	cr_expect_str_eq(set->sources[0].origin, policy_directory_path("1.json"));
	cr_expect_str_eq(set->sources[0].cgroup, "/a");
	cr_expect_not(set->sources[0].is_glob);
	cr_expect_not_null(strstr(set->sources[0].text, "\"ports\": [\n    80\n  ]"), "%s",
			   set->sources[0].text);
	cr_expect(set->sources[0].policy->ports_fenced);
	cr_expect_str_eq(set->sources[1].cgroup, "/a/web-*");
	cr_expect(set->sources[1].is_glob);
	cgfence_policy_set_free(set);
	policy_text_expect_no_leak();
}

static void expect_refused(const char *path, int code, const char *message)
{
	struct cgfence_policy_set *set = NULL;
	struct cgfence_error error = { 0 };

	cr_expect_eq(cgfence_policy_set_read(path, 0, &set, &error), code, "%s", error.text);
	cr_expect_null(set);
	cr_expect_eq(error.invalid_input, code == -EINVAL);
	cr_expect_not_null(strstr(error.text, message), "%s", error.text);
	policy_text_expect_no_leak();
}

Test(policy_set, one_bad_file_refuses_all)
{
	policy_directory_write("1.json", "{`cgroup`: `/a`, `devices`: {}}");
	policy_directory_write("2.json", "{");
	expect_refused(policy_directory_path(""), -EINVAL, "2.json:1:");
	expect_refused(policy_directory_path("3.json"), -ENOENT, "3.json: No such file");
}

/* In a directory are also those that containers name. */
Test(policy_set, of_a_directory_those_without_a_cgroup_are_passed_over)
{
	struct cgfence_policy_set *set = NULL;

	policy_directory_write("1.json", "{`devices`: {}}");
	expect_refused(
		policy_directory_path("1.json"), -EINVAL,
		"1.json: the key \"cgroup\" is missing; name the cgroup that the policy is for");
	expect_refused(policy_directory_path(""), -ENODATA, "holds no policy that names a cgroup");
	policy_directory_write("2.json", "{`cgroup`: `/a`, `devices`: {}}");
	policy_directory_write("3.json", "{`ports`: [80]}");
	cr_assert_eq(cgfence_policy_set_read(policy_directory_path(""), 0, &set, NULL), 0);
	cr_expect_eq(set->count, 1);
	cr_expect_str_eq(set->sources[0].cgroup, "/a");
	cgfence_policy_set_free(set);
}

Test(policy_set, an_empty_directory_is_refused_unless_it_may_be_empty)
{
	struct cgfence_policy_set *set = NULL;

	expect_refused(policy_directory_path(""), -ENOENT,
		       "holds no policy: no file in it ends in");
	cr_assert_eq(cgfence_policy_set_read(policy_directory_path(""), CGFENCE_POLICY_SET_EMPTY_OK,
					     &set, NULL),
		     0);
	cr_expect_eq(set->count, 0);
	cgfence_policy_set_free(set);
	cgfence_policy_set_free(NULL);
}

/* A link of the test's directory, which stands for a device. */
static const char *link_to(const char *target)
{
	const char *path = policy_directory_path("device");

	unlink(path);
	if (target)
		cr_assert_eq(symlink(target, path), 0);
	return path;
}

static void write_device_policy(const char *name)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{`cgroup`: `/a`, `devices`: {`allow`: [{`path`: `%s`, `access`: `r`}]}}",
		 policy_directory_path("device"));
	policy_directory_write(name, text);
}

static struct cgfence_policy_set *read_set(void)
{
	struct cgfence_policy_set *set = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_policy_set_read(policy_directory_path(""),
					     CGFENCE_POLICY_SET_UNRESOLVED_OK, &set, &error),
		     0, "%s", error.text);
	return set;
}

Test(policy_set, a_device_that_is_absent_costs_only_its_policy)
{
	struct cgfence_policy_set *set;

	link_to(NULL);
	write_device_policy("1.json");
	policy_directory_write("2.json", "{`cgroup`: `/b`, `devices`: {}}");
	expect_refused(policy_directory_path(""), -EINVAL, "there is no such device on this host");
	set = read_set();
	cr_assert_eq(set->count, 2);
	cr_expect_str_eq(set->sources[0].cgroup, "/a");
	cr_expect_null(set->sources[0].text);
	cr_expect_not_null(strstr(cgfence_policy_set_error(set, 0)->text, "1.json:1:"));
	cr_expect_not(cgfence_policy_set_error(set, 0)->invalid_input);
	cr_expect_not_null(set->sources[1].text);
	cr_expect_null(cgfence_policy_set_error(set, 1));
	/* Invalid on every host it stops all. */
	policy_directory_write("2.json", "{`cgroup`: `/b`, `devices`: 7}");
	cr_expect_eq(cgfence_policy_set_read(policy_directory_path(""),
					     CGFENCE_POLICY_SET_UNRESOLVED_OK, &set, NULL),
		     -EINVAL);
	cgfence_policy_set_free(set);
	policy_text_expect_no_leak();
}

Test(policy_set, devices_are_resolved_again_when_their_numbers_change)
{
	struct cgfence_policy_set *set;

	link_to("/dev/null");
	write_device_policy("1.json");
	set = read_set();
	cr_expect_not_null(strstr(set->sources[0].text, "c 1:3 r"));
	cr_expect_not(cgfence_policy_set_refresh(set, 0));
	link_to("/dev/zero");
	cr_expect(cgfence_policy_set_refresh(set, 0));
	cr_expect_not_null(strstr(set->sources[0].text, "c 1:5 r"), "%s", set->sources[0].text);
	link_to(NULL);
	cr_expect(cgfence_policy_set_refresh(set, 0));
	cr_expect_not_null(set->sources[0].error);
	cr_expect_not_null(strstr(set->sources[0].text, "c 1:5 r"), "the last one stays");
	cr_expect_not(cgfence_policy_set_refresh(set, 0), "it is still gone");
	link_to("/dev/null");
	cr_expect(cgfence_policy_set_refresh(set, 0));
	cr_expect_null(set->sources[0].error);
	cr_expect_not_null(strstr(set->sources[0].text, "c 1:3 r"));
	link_to(NULL);
	cgfence_policy_set_free(set);
	policy_text_expect_no_leak();
}

Test(policy_set, an_earlier_version_stands_in_for_one_that_cannot_be_resolved)
{
	struct cgfence_policy_set *old;
	struct cgfence_policy_set *set;

	link_to("/dev/null");
	write_device_policy("1.json");
	old = read_set();
	link_to(NULL);
	set = read_set();
	cr_expect_null(set->sources[0].text);
	cgfence_policy_set_take_over(set, NULL);
	cr_expect_null(set->sources[0].text);
	cgfence_policy_set_take_over(set, old);
	cgfence_policy_set_free(old);
	cr_expect_not_null(strstr(set->sources[0].text, "c 1:3 r"));
	cr_expect_str_eq(set->sources[0].cgroup, "/a");
	cr_expect_not_null(set->sources[0].error);
	cgfence_policy_set_free(set);
	policy_text_expect_no_leak();
}
