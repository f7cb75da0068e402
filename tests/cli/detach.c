// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

TestSuite(detach, .init = harness_begin, .fini = harness_end);

Test(detach, takes_the_fence_away)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;
	char expected[256];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	result = program_run(NULL, WORDS("detach", path));
	assert_done(result);
	snprintf(expected, sizeof(expected), "Detached the fence of %s.\n", path);
	cr_assert_str_eq(result.output, expected);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(detach, without_a_fence_is_fine)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result = program_run(NULL, WORDS("detach", path));
	char expected[256];

	assert_done(result);
	snprintf(expected, sizeof(expected), "%s has no fence of its own; nothing changed.\n",
		 path);
	cr_assert_str_eq(result.output, expected);
}

Test(detach, twice)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_done(program_run(NULL, WORDS("detach", path)));
	assert_done(program_run(NULL, WORDS("detach", path)));
}

Test(detach, leaves_fences_above_and_below)
{
	struct cgfence_cgroup *middle = harness_child_cgroup(harness_cgroup(), "middle");
	struct cgfence_cgroup *leaf = harness_child_cgroup(middle, "leaf");

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['a *:* rwm'], 'deny': ['c 1:5 r']}}");
	harness_attach(middle, "{'devices': {}}");
	harness_attach(leaf, "{'devices': {'allow': ['a *:* rwm'], 'deny': ['c 1:8 r']}}");
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(middle))));
	cr_assert_eq(harness_open(leaf, "c 1:3", O_RDONLY), 0);
	cr_assert_eq(harness_open(leaf, "c 1:5", O_RDONLY), EPERM);
	cr_assert_eq(harness_open(leaf, "c 1:8", O_RDONLY), EPERM);
}

Test(detach, all)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	harness_attach(child, "{'devices': {}}");
	result = program_run(NULL, WORDS("detach", "--all"));
	assert_done(result);
	cr_assert_str_eq(result.output, "Detached 2 fences.\n");
	cr_assert_eq(harness_open(child, "c 1:3", O_RDONLY), 0);
	result = program_run(NULL, WORDS("detach", "--all"));
	assert_done(result);
	cr_assert_str_eq(result.output, "Detached 0 fences.\n");
}

Test(detach, takes_a_cgroup_or_all)
{
	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(program_run(NULL, WORDS("detach")), 2, "either");
	assert_fails(program_run(NULL,
				 WORDS("detach", "--all", cgfence_cgroup_path(harness_cgroup()))),
		     2, "either");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 1);
}

Test(detach, standing_is_for_one_name)
{
	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(program_run(NULL, WORDS("detach", "--all", "--standing")), 2, "--standing");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 1);
}

Test(detach, no_such_cgroup)
{
	assert_fails(program_run(NULL, WORDS("detach", "")), 2, "the cgroup is empty");
	assert_fails(program_run(NULL, WORDS("detach", "..")), 1, "is no cgroup");
	assert_fails(program_run(NULL, WORDS("detach", "cgfence-test-none")), 1,
		     "cgfence-test-none");
}
