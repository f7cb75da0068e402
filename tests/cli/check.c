// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(check, .init = harness_begin, .fini = harness_end);

static struct program_result check_input(const char *policy)
{
	const struct program_options options = { .input = policy };

	return program_run(&options, WORDS("check", "-"));
}

Test(check, valid_file)
{
	const char *path = program_file("policy.json", "{'devices': {'allow': ['c 10:229 rw']}}");
	struct program_result result = program_run(NULL, WORDS("check", path));
	char expected[256];

	assert_done(result);
	snprintf(expected, sizeof(expected), "%s is valid.\n", path);
	cr_assert_str_eq(result.output, expected);
}

Test(check, valid_standard_input)
{
	assert_done(check_input("{'devices': {'defaults': true}}"));
}

Test(check, mesos_form)
{
	assert_done(check_input("{'allowed_devices': [{'device': {'path': '/dev/null'},"
				" 'access': {'read': true, 'mknod': false}}]}"));
}

Test(check, error_names_file_line_column_place_value_and_cure)
{
	const char *path = program_file("bad.json", "{\n  'devices': {\n    'allow': ['c 1:3 r',"
						    "\n      'c 1:3 rwx']\n  }\n}\n");
	struct program_result result = program_run(NULL, WORDS("check", path));
	char position[256];

	snprintf(position, sizeof(position),
		 "cgfence: %s:4:7: devices.allow[1]: \"c 1:3 rwx\": ", path);
	assert_fails(result, 2, position);
	assert_has(result.errors, "r, w and m");
}

Test(check, faults)
{
	static const struct {
		const char *policy;
		const char *complaint;
	} faults[] = {
		{ "", "not JSON" },
		{ "{", "not JSON" },
		{ "[]", "must be an object" },
		{ "{}", "fences nothing" },
		{ "{'devices': {'defaults': true, 'defaults': true}}", "give each key once" },
		{ "{'devices': true}", "devices: true: this must be an object" },
		{ "{'devices': {'defaults': 1}}", "devices.defaults: 1: this must be true or" },
		{ "{'devices': {'alow': []}}", "the keys are defaults, allow, deny" },
		{ "{'device': {}}", "unknown key" },
		{ "{'devices': {'allow': ['c 4096:0 r']}}", "the major is over 4095" },
		{ "{'devices': {'allow': ['c 1:1048576 r']}}", "the minor is over 1048575" },
		{ "{'devices': {'allow': ['d 1:3 r']}}", "the type must be a, b or c" },
		{ "{'devices': {'deny': ['c 1:3 rr']}}", "is given twice" },
		{ "{'devices': {'allow': [{'path': '/dev/none', 'access': 'r'}]}}",
		  "no such device" },
		{ "{'devices': {'allow': [{'path': '/etc', 'access': 'r'}]}}", "not a device" },
		{ "{'devices': {'allow': [{'path': 'null', 'access': 'r'}]}}", "absolute path" },
		{ "{'devices': {}, 'enforce': 'no'}", "enforce: \"no\": this must be true" },
		{ "{'devices': {}, 'ports': ['8080-8000']}", "ports[0]" },
		{ "{'ports': {'tcp': [0]}}", "ports.tcp[0]" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_fails(check_input(faults[i].policy), 2, faults[i].complaint);
}

Test(check, missing_file)
{
	assert_fails(program_run(NULL, WORDS("check", "/nowhere/policy.json")), 1,
		     "/nowhere/policy.json");
}

/* A directory with a valid policy, two invalid ones, and two for one cgroup. */
static const char *make_set(void)
{
	static char directory[128];

	snprintf(directory, sizeof(directory), "%s/set", harness_directory());
	mkdir(directory, 0700);
	program_file("set/1.json", "{'name': 'web', 'cgroup': '/web', 'devices': {}}");
	program_file("set/2.json", "{'devices': {'allow': ['c 1:3 x']}}");
	program_file("set/3.json", "{'cgroup': 'web', 'ports': []}");
	program_file("set/4.json", "{'prots': []}");
	program_file("set/notes.txt", "no policy");
	return directory;
}

Test(check, a_directory_and_all_its_errors)
{
	struct program_result result = program_run(NULL, WORDS("check", make_set()));

	assert_status(result, 2);
	assert_has(result.output, "/set/1.json is valid.\n");
	assert_has(result.errors, "/set/2.json:1:24: devices.allow[0]: \"c 1:3 x\"");
	assert_has(result.errors, "/set/3.json");
	assert_has(result.errors, "/set/1.json");
	assert_has(result.errors, "/set/4.json:1:11: prots");
	assert_lacks(result.errors, "notes");
}

Test(check, several_operands)
{
	char good[256];

	snprintf(good, sizeof(good), "%s", program_file("good.json", "{'devices': {}}"));
	assert_done(program_run(NULL, WORDS("check", good, "tests/policies/valid/ports-any.json")));
	/* What cannot be read hides nothing, and an invalid policy weighs more. */
	assert_status(program_run(NULL, WORDS("check", "/nowhere.json", good)), 1);
	assert_status(program_run(NULL, WORDS("check", "/nowhere.json", make_set(), good)), 2);
}

Test(check, json_is_one_object)
{
	struct program_result result = program_run(NULL, WORDS("check", "-j", make_set()));
	json_t *object = program_json(&result);
	json_t *policies = json_object_get(object, "policies");
	json_t *first = json_array_get(policies, 0);
	json_t *second = json_array_get(policies, 1);

	assert_status(result, 2);
	cr_assert_str_eq(result.errors, "");
	cr_assert_eq(json_array_size(policies), 4);
	expect_keys(object, "valid policies");
	cr_expect(json_is_false(json_object_get(object, "valid")));
	expect_keys(first, "file valid name cgroup error");
	cr_expect(json_is_true(json_object_get(first, "valid")));
	cr_expect_str_eq(text_of(first, "name"), "web");
	cr_expect_str_eq(text_of(first, "cgroup"), "/web");
	cr_expect(json_is_null(json_object_get(first, "error")));
	cr_expect(json_is_false(json_object_get(second, "valid")));
	assert_has(text_of(second, "error"), "devices.allow[0]");
	json_decref(object);
}

Test(check, offline_does_not_ask_for_devices)
{
	const struct program_options options = { .without_admin = true };
	const char *path = program_file(
		"policy.json", "{'devices': {'allow': [{'path': '/dev/none', 'access': 'r'}]}}");

	assert_status(program_run(NULL, WORDS("check", path)), 2);
	assert_done(program_run(&options, WORDS("check", "--offline", path)));
}

Test(check, too_long)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s", program_file("long.json", ""));
	file = fopen(path, "we");
	fprintf(file, "{\"devices\": {}}%*s\n", CGFENCE_POLICY_SIZE_MAX, "");
	fclose(file);
	assert_fails(program_run(NULL, WORDS("check", path)), 2, "1 MiB");
}

Test(check, touches_nothing)
{
	struct program_result result;

	assert_done(check_input("{'devices': {}}"));
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
}

/* Online, the cgroup that a name stands for counts, too. */
Test(check, a_cgroup_that_apply_refuses)
{
	static const char *const names[] = { "/", "*", "*/*", "id:1", "a/./b*", "a/../b*" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[128];
		const char *path;

		snprintf(text, sizeof(text), "{'cgroup': '%s', 'devices': {}}", names[i]);
		path = program_file("policy.json", text);
		assert_fails(program_run(NULL, WORDS("check", path)), 2,
			     "policy.json:1:12: cgroup: \"");
		assert_fails(check_input(text), 2, "standard input:1:12: cgroup: \"");
		assert_status(program_run(NULL, WORDS("apply", "--dry-run", path)), 2);
	}
}
