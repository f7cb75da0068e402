// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What commands make of the name of a cgroup, above all where another fence than its own holds for it. */
#include "program.h"
#include "support/harness.h"

#include <stdio.h>

TestSuite(named, .init = harness_begin, .fini = harness_end);

/* Attaching a policy of its own is not what it needs. */
Test(named, a_cgroup_below_a_fence)
{
	static const char *const commands[] = { "status", "list", "show", "denials", "reconcile" };
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "a");
	const char *path = cgfence_cgroup_path(harness_child_cgroup(child, "b"));
	struct program_result result;
	char expected[512];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	snprintf(expected, sizeof(expected),
		 "cgfence: %s has no fence of its own; it is below the fence of %s.\n", path,
		 cgfence_cgroup_path(harness_cgroup()));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		result = program_run(NULL, WORDS(commands[i], path));
		assert_status(result, 1);
		cr_expect_str_eq(result.errors, expected, "%s", result.errors);
	}
	snprintf(
		expected, sizeof(expected),
		"%s has no fence of its own; nothing changed: it is still below the fence of %s.\n",
		path, cgfence_cgroup_path(harness_cgroup()));
	result = program_run(NULL, WORDS("detach", path));
	assert_done(result);
	cr_expect_str_eq(result.output, expected);
}

/* An operator would take it to be free now. */
Test(named, a_member_that_nothing_is_detached_of_is_still_fenced)
{
	static const char *const commands[] = { "detach", "release" };
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	const struct program_options options = { .input = "{\"devices\": {}}" };
	struct program_result result;
	char expected[640];
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	assert_done(program_run(&options, WORDS("attach", pattern, "-")));
	snprintf(
		expected, sizeof(expected),
		"%s has no fence of its own; nothing changed: it is still a member of the standing fence of '%s'.\n",
		cgfence_cgroup_path(member), pattern);
	for (size_t i = 0; i < 2; i++) {
		result = program_run(NULL, WORDS(commands[i], cgfence_cgroup_path(member)));
		assert_done(result);
		cr_expect_str_eq(result.output, expected);
	}
	assert_done(program_run(NULL, WORDS("detach", pattern)));
}

/* It is no policy file. */
Test(named, a_cgroup_that_is_called_as_a_file_is_explained)
{
	struct cgfence_cgroup *odd = harness_child_cgroup(harness_cgroup(), "odd.json");

	harness_attach(odd, "{'devices': {'allow': ['c 1:3 r']}}");
	assert_status(program_run(NULL,
				  WORDS("explain", cgfence_cgroup_path(odd), "device", "c 1:5 r")),
		      3);
	assert_fails(program_run(NULL, WORDS("explain", "/none.json", "device", "c 1:5 r")), 1,
		     "cannot open the policy /none.json");
}
