// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <string.h>

TestSuite(policy_build);

static struct cgfence_policy *begin(const char *name)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_policy_new(name, &policy, &error), 0, "%s", error.text);
	return policy;
}

static void expect_text(const struct cgfence_policy *policy, const char *json)
{
	cleanup_policy struct cgfence_policy *right = policy_text_parse(json);
	cleanup_free char *wanted = policy_text_format(right);
	cleanup_free char *text = policy_text_format(policy);

	cr_expect_str_eq(text, wanted);
}

Test(policy_build, is_the_same_as_what_json_says)
{
	cleanup_policy struct cgfence_policy *policy = begin("job 7");

	cr_assert_eq(cgfence_policy_add_device(policy, "c 10:229 rw", NULL), 0);
	cr_assert_eq(cgfence_policy_add_device(policy, "/dev/full r", NULL), 0);
	cr_assert_eq(cgfence_policy_add_device(policy, "c 10:229 m", NULL), 0);
	expect_text(policy, "{`name`: `job 7`, `devices`: {`allow`: [`c 10:229 rwm`, `c 1:7 r`]}}");
	cr_assert_eq(cgfence_policy_add_default_devices(policy, "oci", NULL), 0);
	cr_assert_eq(cgfence_policy_add_ports(policy, "tcp", "31000-31002", NULL), 0);
	cgfence_policy_set_enforces(policy, false);
	expect_text(
		policy,
		"{`name`: `job 7`, `enforce`: false, `ports`: {`tcp`: [`31000-31002`]}, `devices`: {`defaults`: `oci`, `allow`: [`c 10:229 rwm`, `c 1:7 r`]}}");
}

Test(policy_build, defaults_alone_are_a_section)
{
	cleanup_policy struct cgfence_policy *policy = begin(NULL);

	cr_assert_eq(cgfence_policy_add_default_devices(policy, "mesos", NULL), 0);
	cr_assert_eq(cgfence_policy_add_default_devices(policy, "mesos", NULL), 0);
	expect_text(policy, "{`devices`: {`defaults`: true}}");
}

Test(policy_build, what_is_wrong_changes_nothing)
{
	cleanup_policy struct cgfence_policy *policy = begin(NULL);
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_policy_add_default_devices(policy, "mesos", NULL), 0);
	cr_expect_eq(cgfence_policy_add_default_devices(policy, "oci", &error), -EINVAL);
	cr_expect_str_eq(error.text,
			 "the policy starts from the default devices of 'mesos' already");
	cr_expect_eq(cgfence_policy_add_default_devices(policy, "all", &error), -EINVAL);
	cr_expect_str_eq(error.text,
			 "'all' is no list of default devices; give mesos, systemd or oci");
	cr_expect_eq(cgfence_policy_add_device(policy, "/dev/missing rw", &error), -EINVAL);
	cr_expect_not_null(strstr(error.text, "the device '/dev/missing rw': "), "%s", error.text);
	cr_expect(error.invalid_input);
	cr_expect_eq(cgfence_policy_add_device(policy, "-/dev/\xff rw", &error), -EINVAL);
	cr_expect_not_null(strstr(error.text, "not UTF-8"), "%s", error.text);
	cr_expect_eq(cgfence_policy_add_device(policy, "-/dev/missing rw", NULL), 0);
	expect_text(policy, "{`devices`: {`defaults`: true}}");
}

Test(policy_build, a_policy_that_fences_nothing_is_refused)
{
	cleanup_policy struct cgfence_policy *policy = begin(NULL);
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };

	cr_expect_eq(image_compile(policy, 1, false, &image, &error), -EINVAL);
	cr_expect_str_eq(error.text, "the policy fences nothing; add devices or ports to it");
	cr_expect_null(image);
}

Test(policy_build, is_as_if_it_had_been_written)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_policy struct cgfence_policy *written = NULL;
	cleanup_free char *built_text = NULL;
	cleanup_free char *written_text = NULL;

	cr_assert_eq(cgfence_policy_new("job", &policy, NULL), 0);
	cr_assert_eq(cgfence_policy_add_device(policy, "/dev/null rw", NULL), 0);
	cr_assert_eq(cgfence_policy_add_default_devices(policy, "oci", NULL), 0);
	cr_assert_eq(cgfence_policy_add_device(policy, "-/dev/cgfence-none r", NULL), 0);
	cr_assert_eq(cgfence_policy_add_ports(policy, "tcp", "80", NULL), 0);
	cgfence_policy_set_enforces(policy, false);
	cr_assert_not_null(policy->source);
	cr_expect_str_eq(policy->source,
			 "{\"name\":\"job\",\"devices\":{\"allow\":[\"/dev/null rw\","
			 "\"-/dev/cgfence-none r\"],\"defaults\":\"oci\"},"
			 "\"ports\":{\"tcp\":[80],\"udp\":[]},\"enforce\":false}");
	cr_assert_eq(cgfence_policy_parse(policy->source, strlen(policy->source), "it", &written,
					  NULL),
		     0);
	built_text = policy_text_format(policy);
	written_text = policy_text_format(written);
	cr_expect_str_eq(built_text, written_text);
}
