// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(show, .init = harness_begin, .fini = harness_end);

static struct program_result show(void)
{
	return program_run(NULL, WORDS("show", cgfence_cgroup_path(harness_cgroup())));
}

Test(show, prints_the_policy_in_force)
{
	struct program_result result;
	json_t *expected;
	json_t *policy;

	harness_attach(harness_cgroup(),
		       "{'name': 'web', 'devices': {'allow': ['c 10:229 rw', 'c 1:3 w', 'c 1:3 r'],"
		       " 'deny': ['b *:* m']}}");
	result = show();
	assert_done(result);
	policy = program_json(&result);
	expected = json_pack("{s:s, s:b, s:{s:b, s:[s,s], s:[s]}}", "name", "web", "enforce", 1,
			     "devices", "defaults", 0, "allow", "c 1:3 rw", "c 10:229 rw", "deny",
			     "b *:* m");
	cr_assert(json_equal(policy, expected), "'%s'", result.output);
	json_decref(expected);
	json_decref(policy);
}

Test(show, a_path_is_shown_as_the_numbers_it_resolved_to)
{
	struct program_result result;

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': [{'path': '/dev/null', 'access': 'r'}]}}");
	result = show();
	assert_done(result);
	assert_has(result.output, "\"c 1:3 r\"");
}

Test(show, is_a_fixed_point_through_attach)
{
	static const char *const policies[] = {
		"{'devices': {}}",
		"{'devices': {'defaults': true}}",
		"{'name': 'an \\u00e9clair', 'enforce': false, 'devices': {'defaults': true,"
		" 'allow': ['a 8:* rwm', 'c 10:229 rw', 'c 1:* r'], 'deny': ['a *:7 w', 'c *:* m']}}",
		"{'allowed_devices': [{'device': {'path': '/dev/full'}, 'access': {'read': true}}]}",
	};
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct program_options options = { 0 };
		struct program_result before;
		struct program_result result;

		harness_attach(harness_cgroup(), policies[i]);
		before = show();
		assert_done(before);
		options.input = before.output;
		result = program_run(&options, WORDS("attach", cgroup, "-"));
		assert_done(result);
		assert_has(result.output, "nothing changed");
		result = show();
		cr_assert_str_eq(result.output, before.output);
	}
}

Test(show, what_it_prints_fences_another_cgroup_alike)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct program_options options = { 0 };
	struct program_result result;
	struct program_result copy;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true, 'deny': ['c 1:9 r']}}");
	result = show();
	options.input = result.output;
	assert_done(program_run(&options, WORDS("attach", cgfence_cgroup_path(other), "-")));
	copy = program_run(NULL, WORDS("show", cgfence_cgroup_path(other)));
	cr_assert_str_eq(copy.output, result.output);
}

Test(show, not_fenced)
{
	assert_fails(show(), 1, "fence");
}

Test(show, not_fenced_itself_but_above)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(program_run(NULL, WORDS("show", cgfence_cgroup_path(child))), 1, "fence");
}

Test(show, no_such_cgroup)
{
	assert_fails(program_run(NULL, WORDS("show", "cgfence-test-none")), 1, "cgfence-test-none");
}

Test(show, lost_output_is_a_failure)
{
	const struct program_options options = { .output_path = "/dev/full" };

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(program_run(&options, WORDS("show", cgfence_cgroup_path(harness_cgroup()))), 1,
		     "standard output");
}

/* Written with blanks it would be longer than a policy may be. */
Test(show, attach_takes_back_a_long_policy)
{
	const struct program_options options = { .by_words = true };
	const char *path = cgfence_cgroup_path(harness_cgroup());
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	struct program_result result;

	fputs("{'ports':[1", stream);
	for (int port = 3; port < 65536; port += 2)
		fprintf(stream, ",%d", port);
	fputs("],'isolated_range':[2", stream);
	for (int port = 4; port < 65536; port += 2)
		fprintf(stream, ",%d", port);
	fputs("]}", stream);
	fclose(stream);
	assert_done(program_run(NULL, WORDS("attach", path, program_file("long.json", text))));
	free(text);
	result = program_run(&options,
			     WORDS("sh", "-c", "\"$0\" show \"$1\" | \"$0\" attach \"$1\" -",
				   program_path(), path));
	assert_done(result);
	assert_has(result.output, "has this policy already");
}
