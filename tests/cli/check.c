// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <string.h>

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
		{ "{'devices': {'allow': [{'path': '/etc', 'access': 'r'}]}}", "no device" },
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

Test(check, directory)
{
	assert_fails(program_run(NULL, WORDS("check", harness_directory())), 1,
		     harness_directory());
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
