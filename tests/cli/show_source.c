// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a fence remembers of its policy: as it was written, and as allow and revoke have changed it. */
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(show_source, .init = harness_begin, .fini = harness_end);

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

static struct program_result show(const char *name)
{
	struct program_result result = program_run(NULL, WORDS("show", "--source", name));

	assert_done(result);
	return result;
}

static struct program_result attach(const char *name, const char *policy)
{
	const struct program_options options = { .input = policy };
	struct program_result result = program_run(&options, WORDS("attach", name, "-"));

	assert_done(result);
	return result;
}

static char *unquote(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; (at = strchr(at, '\''));)
		*at = '"';
	return copy;
}

static void expect_source(const char *name, const char *expected)
{
	struct program_result result = show(name);
	char *text = unquote(expected);
	json_t *wanted = json_loads(text, 0, NULL);
	json_t *source = program_json(&result);
	char *wanted_text = json_dumps(wanted, JSON_COMPACT);
	char *source_text = json_dumps(source, JSON_COMPACT);

	cr_expect_str_eq(source_text, wanted_text);
	free(source_text);
	free(wanted_text);
	json_decref(source);
	json_decref(wanted);
	free(text);
}

static void expect_numbers(const char *part)
{
	struct program_result result = program_run(NULL, WORDS("show", path()));

	assert_done(result);
	assert_has(result.output, part);
}

static void change(const char *command, const char *entry)
{
	struct program_result result = program_run(NULL, WORDS(command, path(), "device", entry));

	assert_done(result);
}

static json_int_t generation(void)
{
	json_t *status = program_status(harness_cgroup());
	json_int_t number = json_integer_value(json_object_get(status, "generation"));

	json_decref(status);
	return number;
}

static const char *const sources[] = {
	"{'devices':{}}",
	"{'$schema':'x','name':'an éclair','cgroup':'/elsewhere','enforce':false,"
	"'ports':{'udp':'8080,ipv4:53','tcp':['80-81',81]}}",
	"{'devices':{'deny':['/dev/full w'],'allow':['c 1:3 r','/dev/[nz]* rw','c 1:3 r','c mem:* r',"
	"'-/dev/cgfence-none rw','-c cgfence-none:* m',{'path':'/dev/null','access':'w'}],'defaults':'oci'}}",
	"{'allowed_devices':[{'access':{'read':true},'device':{'path':'/dev/full'}}],'ports':'any'}",
};

Test(show_source, is_the_policy_as_it_was_written_and_a_fixed_point)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct program_result before;
		struct program_result result;
		json_int_t number;

		attach(path(), sources[i]);
		expect_source(path(), sources[i]);
		before = show(path());
		number = generation();
		result = attach(path(), before.output);
		assert_has(result.output, "nothing changed.");
		cr_expect_eq(generation(), number);
		result = show(path());
		cr_expect_str_eq(result.output, before.output);
	}
}

Test(show_source, a_fence_made_of_it_is_the_same)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	const char *name = cgfence_cgroup_path(other);

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct program_result source;
		struct program_result one;
		struct program_result two;

		attach(path(), sources[i]);
		source = show(path());
		attach(name, source.output);
		expect_source(name, sources[i]);
		one = program_run(NULL, WORDS("show", path()));
		two = program_run(NULL, WORDS("show", name));
		cr_expect_str_eq(one.output, two.output);
	}
}

/* Numbers in the place of words are another policy, though they allow the same now. */
Test(show_source, other_words_for_the_policy_in_force_are_remembered)
{
	struct program_result numbers;
	struct program_result result;

	attach(path(), "{'devices':{'allow':['/dev/null rw']}}");
	numbers = program_run(NULL, WORDS("show", path()));
	result = attach(path(), numbers.output);
	assert_has(result.output, "nothing changed except how it is written");
	cr_expect_eq(generation(), 1);
	result = show(path());
	cr_expect_str_eq(result.output, numbers.output);
	result = attach(path(), numbers.output);
	assert_has(result.output, "nothing changed.");
}

/* Of numbers too, and a dry run says what attaching says. */
Test(show_source, other_words_for_the_same_numbers_are_remembered)
{
	const struct program_options options = { .input = "{'ports':['8080']}" };
	struct program_result result;

	attach(path(), "{'ports':[8080]}");
	result = program_run(&options, WORDS("attach", "--dry-run", path(), "-"));
	assert_has(result.output, "nothing would change except how it is written.");
	result = attach(path(), "{'ports':['8080']}");
	assert_has(result.output, "nothing changed except how it is written.");
	expect_source(path(), "{'ports':['8080']}");
	cr_expect_eq(generation(), 1);
	result = program_run(&options, WORDS("attach", "--dry-run", path(), "-"));
	assert_has(result.output, "nothing would change.");
	result = attach(path(), "{'ports':['8080']}");
	assert_has(result.output, "nothing changed.");
}

Test(show_source, what_the_command_line_adds_is_in_it)
{
	const struct program_options options = {
		.input = "{'devices':{'allow':['/dev/null rw']},'ports':{'udp':[53]}}"
	};

	assert_done(program_run(&options, WORDS("attach", "--tcp", "80,90", path(), "-")));
	expect_source(path(),
		      "{'devices':{'allow':['/dev/null rw']},'ports':{'tcp':[80,90],'udp':[53]}}");
}

Test(show_source, edits_keep_the_words)
{
	attach(path(), "{'name':'x','devices':{'allow':['/dev/null rw','c 10:229 rw','c mem:* r']},"
		       "'ports':[80]}");
	/* Words stay, since they may stand for other devices later; the devices of the edit are denied. */
	change("revoke", "c 1:3 w");
	expect_source(path(),
		      "{'name':'x','devices':{'allow':['/dev/null rw','c 10:229 rw','c mem:* r'],"
		      "'deny':['c 1:3 w']},'ports':[80]}");
	change("allow", "c 1:3 w");
	expect_source(path(),
		      "{'name':'x','devices':{'allow':['/dev/null rw','c 10:229 rw','c mem:* r'],"
		      "'deny':[]},'ports':[80]}");
	/* Its own words, and numbers, are trimmed. */
	change("revoke", "/dev/null w");
	change("revoke", "c 10:229 rw");
	change("allow", "/dev/zero w");
	expect_source(path(),
		      "{'name':'x','devices':{'allow':['/dev/null r','c mem:* r','/dev/zero w'],"
		      "'deny':[]},'ports':[80]}");
	expect_numbers("\"c 1:5 w\"");
	cr_expect_eq(generation(), 6);
}

Test(show_source, ports_are_edited_and_the_rest_stays_as_it_was_written)
{
	attach(path(), "{'cgroup':'/x','ports':[80],'devices':{'allow':['/dev/null rw']}}");
	assert_done(program_run(NULL, WORDS("allow", path(), "port", "tcp", "81")));
	expect_source(path(), "{'cgroup':'/x','ports':{'tcp':['80-81'],'udp':[80]},"
			      "'devices':{'allow':['/dev/null rw']}}");
}

Test(show_source, what_is_allowed_and_absent_now_is_remembered)
{
	struct program_result result;

	attach(path(), "{'devices':{'deny':['/dev/full rw']}}");
	result = program_run(NULL, WORDS("allow", "--", path(), "device", "-/dev/cgfence-none rw"));
	assert_done(result);
	assert_has(result.output, "Allowed");
	expect_source(path(),
		      "{'devices':{'deny':['/dev/full rw'],'allow':['-/dev/cgfence-none rw']}}");
	result = program_run(NULL, WORDS("allow", "--", path(), "device", "-/dev/cgfence-none rw"));
	assert_has(result.output, "nothing changed");
}

/* What is denied in words that stand for more is denied in numbers, except for what is allowed. */
Test(show_source, a_part_of_what_words_deny_can_be_allowed)
{
	char policy[512];
	char entry[300];
	char node[256];

	snprintf(node, sizeof(node), "%s/a", harness_directory());
	cr_assert_eq(symlink("/dev/null", node), 0);
	snprintf(node, sizeof(node), "%s/b", harness_directory());
	cr_assert_eq(symlink("/dev/zero", node), 0);
	snprintf(policy, sizeof(policy),
		 "{'devices':{'allow':['c *:* rw'],'deny':['%s/[ab] rw','/dev/full w']}}",
		 harness_directory());
	attach(path(), policy);
	snprintf(entry, sizeof(entry), "%s r", node);
	change("allow", entry);
	expect_source(path(), "{'devices':{'allow':['c *:* rw'],'deny':['c 1:3 rw','c 1:5 w',"
			      "'/dev/full w']}}");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_WRONLY), EPERM);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
}

/* What the base allows is denied, too. */
Test(show_source, a_mesos_list_becomes_a_section_when_it_is_edited)
{
	attach(path(), "{'allowed_devices':[{'device':{'path':'/dev/full'},'access':{'read':true,"
		       "'write':true}}]}");
	change("revoke", "/dev/full w");
	change("allow", "/dev/fuse r");
	expect_source(
		path(),
		"{'devices':{'defaults':true,'allow':[{'device':{'path':'/dev/full'},"
		"'access':{'read':true,'write':false}},'/dev/fuse r'],'deny':['/dev/full w']}}");
}

Test(show_source, a_standing_fence_remembers_too)
{
	const char *policy = "{'except':['a-x*'],'devices':{'allow':['/dev/null rw']}}";
	struct program_result result;
	char pattern[512];

	snprintf(pattern, sizeof(pattern), "%s/a-*", path());
	attach(pattern, policy);
	expect_source(pattern, policy);
	result = show(pattern);
	result = attach(pattern, result.output);
	assert_has(result.output, "nothing changed.");
	assert_done(program_run(NULL, WORDS("allow", pattern, "device", "/dev/zero r")));
	expect_source(pattern,
		      "{'except':['a-x*'],'devices':{'allow':['/dev/null rw','/dev/zero r']}}");
	assert_done(program_run(NULL, WORDS("detach", pattern)));
}

/* As long as a policy may be. */
Test(show_source, a_long_policy_is_remembered_whole)
{
	const size_t count = 3000;
	struct program_result result;
	json_t *entries = json_array();
	json_t *policy = json_pack("{s:{s:o}}", "devices", "allow", entries);
	const char *file;
	char entry[300];
	json_t *source;
	char *text;

	for (size_t i = 0; i < count; i++) {
		snprintf(entry, sizeof(entry), "-/dev/%0200zu rw", i);
		json_array_append_new(entries, json_string(entry));
	}
	text = json_dumps(policy, 0);
	file = program_file("long.json", text);
	assert_done(program_run(NULL, WORDS("attach", path(), file)));
	/* More than the results of other tests have room for. */
	result = program_run(&(struct program_options){ .output_path = file },
			     WORDS("show", "--source", path()));
	cr_assert_eq(result.status, 0, "%s", result.errors);
	source = json_load_file(file, 0, NULL);
	cr_expect(json_equal(source, policy));
	json_decref(source);
	json_decref(policy);
	free(text);
}
