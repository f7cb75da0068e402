// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(apply, .init = harness_begin, .fini = harness_end);

/* Each %s in @format stands for the path of the test's cgroup, in policies and in output. */
static const char *fill_in(const char *format)
{
	static char text[4096];
	const char *path = cgfence_cgroup_path(harness_cgroup());

	snprintf(text, sizeof(text), format, path, path, path, path, path);
	return text;
}

static const char *directory(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/policies", harness_directory());
	mkdir(path, 0700);
	return path;
}

static void write_policy(const char *name, const char *format)
{
	char path[64];

	directory();
	snprintf(path, sizeof(path), "policies/%s", name);
	program_file(path, fill_in(format));
}

static struct program_result apply(const char *option, const char *other_option)
{
	return program_run(NULL, WORDS("apply", directory(), option, other_option));
}

static void assert_prints(const struct program_result *result, const char *format)
{
	assert_done(*result);
	cr_assert_str_eq(result->output, fill_in(format), "'%s'", result->output);
}

static struct cgfence_cgroup *first;
static struct cgfence_cgroup *excepted;

static void make_world(void)
{
	first = harness_child_cgroup(harness_cgroup(), "a");
	excepted = harness_child_cgroup(harness_cgroup(), "d");
	harness_attach(harness_child_cgroup(harness_cgroup(), "b"),
		       "{'devices': {'allow': ['c 1:3 r'], 'deny': ['c 1:5 w']}, 'ports': [80]}");
	harness_attach(harness_child_cgroup(harness_cgroup(), "c"), "{'devices': {}}");
	harness_attach(harness_child_cgroup(harness_cgroup(), "e"), "{'devices': {}}");
	write_policy(
		"2.json",
		"{'cgroup': '%s/b', 'devices': {'allow': ['c 1:3 r', 'c 1:7 r']}, 'ports': [80, 81]}");
	write_policy("1.json", "{'cgroup': '%s/[ad]', 'except': ['d'], 'devices': {}}");
	write_policy("3.json", "{'cgroup': '%s/c', 'devices': {}}");
	/* None of these is a policy. */
	write_policy(".4.json", "{");
	write_policy("5.json~", "{");
}

Test(apply, dry_run_prints_the_plan_and_changes_nothing)
{
	struct program_result result;
	char expected[4096];

	make_world();
	result = apply("--dry-run", "--prune");
	snprintf(expected, sizeof(expected), "%s",
		 fill_in("attach --standing %s/[ad]\n"
			 "replace %s/b\n"
			 "devices:\n"
			 "+ allow c 1:7 r\n"
			 "- deny c 1:5 w\n"
			 "ports:\n"
			 "+ tcp 81\n"
			 "+ udp 81\n"
			 "keep %s/c\n"));
	assert_done(result);
	cr_assert_eq(strncmp(result.output, expected, strlen(expected)), 0, "'%s'", result.output);
	assert_has(result.output, fill_in("detach %s/e\n"));
	result = apply("--dry-run", "--prune");
	assert_has(result.output, fill_in("attach --standing %s/[ad]\n"));
	assert_has(result.output, fill_in("detach %s/e\n"));
}

Test(apply, dry_run_as_json_is_one_object)
{
	static const char *const actions[] = { "attach", "replace", "keep", "detach" };
	struct program_result result;
	json_t *plan;
	json_t *steps;
	char *changes;

	make_world();
	result = program_run(NULL, WORDS("apply", "--dry-run", "--prune", "-j", directory()));
	assert_done(result);
	plan = program_json(&result);
	expect_keys(plan, "steps");
	steps = json_object_get(plan, "steps");
	cr_assert_eq(json_array_size(steps), 4, "%s", result.output);
	for (size_t i = 0; i < 4; i++) {
		expect_keys(json_array_get(steps, i), "action cgroup standing file changes");
		cr_expect_eq(json_is_true(json_object_get(json_array_get(steps, i), "standing")),
			     i == 0);
		cr_expect_str_eq(text_of(json_array_get(steps, i), "action"), actions[i]);
	}
	cr_expect_str_eq(text_of(json_array_get(steps, 1), "cgroup"), fill_in("%s/b"));
	assert_has(text_of(json_array_get(steps, 1), "file"), "/2.json");
	cr_expect_str_eq(text_of(json_array_get(steps, 0), "cgroup"), fill_in("%s/[ad]"));
	cr_expect(json_is_null(json_object_get(json_array_get(steps, 3), "file")));
	changes = json_dumps(json_object_get(json_array_get(steps, 1), "changes"), JSON_COMPACT);
	cr_expect_str_eq(changes,
			 "{\"devices\":{\"allow\":{\"removed\":[],\"added\":[\"c 1:7 r\"]},"
			 "\"deny\":{\"removed\":[\"c 1:5 w\"],\"added\":[]}},"
			 "\"ports\":{\"tcp\":{\"removed\":[],\"added\":[\"81\"]},"
			 "\"udp\":{\"removed\":[],\"added\":[\"81\"]}}}");
	free(changes);
	json_decref(plan);
	assert_fails(program_run(NULL, WORDS("apply", "-j", directory())), 2, "--dry-run");
}

Test(apply, makes_it_so_and_then_has_nothing_to_do)
{
	struct program_result result;

	make_world();
	result = apply("--prune", NULL);
	assert_done(result);
	assert_has(
		result.output,
		fill_in("Fenced every cgroup of the name %s/[ad].\nReplaced the policy of %s/b.\n"));
	assert_has(result.output, fill_in("%s/c has its policy already; nothing changed.\n"));
	assert_has(result.output, fill_in("Detached the fence of %s/e.\n"));
	result = program_run(NULL, WORDS("status"));
	assert_has(result.output, fill_in("%s/[ad]\t"));
	assert_lacks(result.output, fill_in("%s/e\t"));
	result = apply("--dry-run", "--prune");
	assert_has(result.output, fill_in("keep %s/[ad]\nkeep %s/b\nkeep %s/c\n"));
	cr_expect_eq(harness_open(first, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(excepted, "c 1:5", O_RDONLY), 0);
}

Test(apply, takes_one_file_too)
{
	struct program_result result;

	harness_child_cgroup(harness_cgroup(), "a");
	write_policy("1.json", "{'cgroup': '%s/a', 'devices': {}}");
	result = program_run(
		NULL,
		WORDS("apply", program_file("p", fill_in("{'cgroup': '%s/a', 'devices': {}}"))));
	assert_prints(&result, "Fenced %s/a.\n");
}

static void assert_refused(int status, const char *part)
{
	assert_fails(apply(NULL, NULL), status, part);
	assert_fails(apply("--dry-run", NULL), status, part);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
}

Test(apply, one_bad_file_stops_everything)
{
	write_policy("1.json", "{'cgroup': '%s', 'devices': {}}");
	write_policy("2.json", "{'cgroup': '%s/b', 'devices': 7}");
	assert_refused(2, "/policies/2.json:1:");
	write_policy("2.json", "{'cgroup': '%s/../%s', 'devices': {'defaults': true}}");
	assert_refused(2, "/policies/1.json and ");
	write_policy("2.json", "{'cgroup': '/', 'devices': {'defaults': true}}");
	assert_refused(2, "/policies/2.json: its cgroup is the root");
	write_policy("2.json", "{'cgroup': '%s/../*', 'devices': {}}");
	assert_refused(2, "/policies/2.json: a pattern cannot have the component '..'");
	/* The same pattern in other words. */
	write_policy("1.json", "{'cgroup': '%s/x*', 'devices': {}}");
	write_policy("2.json", "{'cgroup': '%s//x*/', 'devices': {}}");
	assert_refused(2, "/policies/1.json and ");
	write_policy("1.json", "{'cgroup': '%s', 'devices': {}}");
	/* Without it, the command succeeds. */
	write_policy("2.json", "{'cgroup': '%s/x*', 'devices': {}}");
	assert_done(apply(NULL, NULL));
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
}

Test(apply, of_a_directory_those_without_a_cgroup_are_passed_over)
{
	struct program_result result;

	write_policy("1.json", "{'devices': {}}");
	/* As where containers alone have policies, which is no failure at boot. */
	result = apply(NULL, NULL);
	assert_done(result);
	assert_has(result.output, "names a cgroup; nothing changed.");
	assert_has(apply("--dry-run", NULL).output, "names a cgroup; nothing would change.");
	result = apply("--dry-run", "--json");
	cr_assert_str_eq(result.output, "{\n  \"steps\": []\n}\n");
	assert_fails(apply("--prune", NULL), 1, "holds no policy that names a cgroup");
	write_policy("2.json", "{'cgroup': '%s', 'devices': {}}");
	result = apply(NULL, NULL);
	assert_prints(&result, "Fenced %s.\n");
	assert_fails(program_run(NULL, WORDS("apply", program_file("1.json", "{'devices': {}}"))),
		     2, "1.json: the key \"cgroup\" is missing");
}

/* A dry run says what applying says. */
Test(apply, what_cannot_be_fenced_is_told_before_anything_changes)
{
	struct program_result result;

	make_world();
	write_policy("4.json", "{'cgroup': '*', 'devices': {}}");
	assert_fails(apply("--dry-run", NULL), 2, "its pattern is for every cgroup");
	assert_fails(apply(NULL, NULL), 2, "its pattern is for every cgroup");
	write_policy("4.json", "{'cgroup': '%s/c2', 'except': ['x'], 'devices': {}}");
	assert_fails(apply("--dry-run", NULL), 2, "exceptions are for a pattern");
	assert_fails(apply(NULL, NULL), 2, "exceptions are for a pattern");
	result = program_run(NULL, WORDS("check", directory()));
	assert_status(result, 2);
	assert_has(result.errors, "exceptions are for a pattern");
	cr_assert_eq(harness_hook_programs(first), 0);
}

Test(apply, an_empty_directory_is_no_wish_to_have_no_fence)
{
	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(apply("--prune", NULL), 1, "holds no policy");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
}

Test(apply, what_cannot_be_read)
{
	assert_fails(program_run(NULL, WORDS("apply", "/nowhere/policies")), 1,
		     "/nowhere/policies");
}

/* A program of somebody else blocks one of them. */
Test(apply, a_failure_does_not_stop_the_others)
{
	struct cgfence_cgroup *bad = harness_child_cgroup(harness_cgroup(), "bad");
	struct program_result result;
	struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int alone = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "alone", "GPL", allow, 2, NULL);

	cr_assert_eq(bpf_prog_attach(alone, cgfence_cgroup_fd(bad), BPF_CGROUP_DEVICE, 0), 0);
	harness_child_cgroup(harness_cgroup(), "good");
	write_policy("1.json", "{'cgroup': '%s/bad', 'devices': {}}");
	write_policy("2.json", "{'cgroup': '%s/good', 'devices': {}}");
	result = apply(NULL, NULL);
	assert_status(result, 1);
	assert_has(result.errors, fill_in("cgfence: cannot fence %s/bad: "));
	assert_has(result.output, fill_in("Fenced %s/good.\n"));
	assert_lacks(result.output, fill_in("%s/bad"));
	close(alone);
}

/* A process and a device that are not there. */
static void write_two_that_fail(void)
{
	write_policy("1.json", "{'cgroup': 'pid:99999999', 'devices': {}}");
	write_policy("2.json", "{'cgroup': '%s/b', 'devices': {'allow': ["
			       "{'path': '/dev/no/such/device', 'access': 'rw'}]}}");
}

Test(apply, what_is_not_there_now_does_not_stop_the_others)
{
	struct program_result result;

	harness_child_cgroup(harness_cgroup(), "a");
	harness_attach(harness_child_cgroup(harness_cgroup(), "b"), "{'devices': {}}");
	write_two_that_fail();
	write_policy("3.json", "{'cgroup': '%s/a', 'devices': {}}");
	result = apply("--dry-run", "--prune");
	assert_status(result, 1);
	cr_expect_str_eq(result.output, fill_in("attach %s/a\n"));
	result = apply("--prune", NULL);
	assert_status(result, 1);
	cr_expect_str_eq(result.output, fill_in("Fenced %s/a.\n"));
	assert_has(result.errors, "/policies/1.json: there is no process 99999999: ");
	assert_has(result.errors, "/policies/2.json:1:");
	assert_has(result.errors, "there is no such device on this host");
	/* The fence of the policy that cannot be resolved is not pruned. */
	assert_done(program_run(NULL, WORDS("show", fill_in("%s/b"))));
}

Test(apply, strict_stops_everything_for_it)
{
	struct program_result result;

	harness_child_cgroup(harness_cgroup(), "a");
	harness_child_cgroup(harness_cgroup(), "b");
	write_two_that_fail();
	write_policy("3.json", "{'cgroup': '%s/a', 'devices': {}}");
	result = apply("--strict", NULL);
	assert_status(result, 1);
	cr_expect_str_eq(result.output, "");
	assert_has(result.errors, "/policies/1.json: there is no process 99999999: ");
	assert_has(result.errors, "/policies/2.json:1:");
	assert_fails(program_run(NULL, WORDS("show", fill_in("%s/a"))), 1, "has no fence");
	/* If nothing fails it is as without. */
	write_policy("1.json", "{'cgroup': '%s/b', 'devices': {}}");
	write_policy("2.json", "{'cgroup': '%s/x*', 'devices': {}}");
	assert_done(apply("--strict", NULL));
}

Test(apply, json_of_what_is_not_there)
{
	struct program_result result;
	json_t *plan;
	json_t *step;

	write_two_that_fail();
	harness_attach(harness_child_cgroup(harness_cgroup(), "b"), "{'devices': {}}");
	result = program_run(NULL, WORDS("apply", "--dry-run", "-j", directory()));
	assert_status(result, 1);
	plan = program_json(&result);
	for (size_t i = 0; i < 2; i++) {
		step = json_array_get(json_object_get(plan, "steps"), i);
		expect_keys(step, "action cgroup standing file changes reason");
		cr_expect_str_eq(text_of(step, "action"), "fail");
		assert_has(text_of(step, "reason"),
			   i ? "there is no process" : "there is no such device");
		/* The fence that is there stays. */
		cr_expect_eq(json_object_size(json_object_get(step, "changes")), 0);
	}
	json_decref(plan);
}

static void expect_refused(const struct cgfence_cgroup *cgroup, bool refused)
{
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), refused ? EPERM : 0, "%s",
		     cgfence_cgroup_path(cgroup));
}

Test(apply, a_name_that_is_not_there_gets_a_standing_fence_and_keeps_it)
{
	struct program_result result;

	write_policy("1.json", "{'cgroup': '%s/job', 'devices': {'allow': ['c 1:3 r']}}");
	result = apply("--strict", NULL);
	assert_prints(&result, "Fenced every cgroup of the name %s/job.\n");
	expect_refused(harness_child_cgroup(harness_cgroup(), "job"), true);
	result = apply("--prune", NULL);
	assert_has(result.output, fill_in("%s/job has its policy already; nothing changed.\n"));
	write_policy("1.json", "{'cgroup': '%s/job', 'devices': {'allow': ['c 1:5 r']}}");
	result = apply(NULL, NULL);
	assert_prints(&result, "Replaced the policy of %s/job.\n");
	result = program_run(NULL, WORDS("status", "--json"));
	assert_has(result.output, "\"anchor\"");
	assert_done(program_run(NULL, WORDS("detach", "--standing", fill_in("%s/job"))));
}

/* Nothing is changed by a second time, and one made by hand goes as others do. */
Test(apply, prune_takes_standing_fences_that_no_policy_names)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "old-1");
	const char *policy = program_file("p", "{'devices': {}}");
	struct program_result result;

	assert_done(program_run(NULL, WORDS("attach", fill_in("%s/old-*"), policy)));
	write_policy("1.json", "{'cgroup': '%s/new-*', 'devices': {}}");
	assert_done(apply(NULL, NULL));
	expect_refused(member, true);
	result = apply("--prune", NULL);
	assert_has(result.output, fill_in("Detached the fence of %s/old-*.\n"));
	expect_refused(member, false);
	expect_refused(harness_child_cgroup(harness_cgroup(), "new-1"), true);
	result = apply("--prune", "--dry-run");
	assert_prints(&result, "keep %s/new-*\n");
}

/* As an earlier version of this program made one for each match. */
Test(apply, a_fence_of_a_member_goes_with_prune_once_the_standing_one_is_there)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct program_result result;

	harness_attach(member, "{'devices': {}}");
	write_policy("1.json", "{'cgroup': '%s/job-*', 'devices': {'allow': ['c 1:5 r']}}");
	assert_done(apply(NULL, NULL));
	expect_refused(member, true);
	result = apply("--prune", NULL);
	assert_has(result.output, fill_in("Detached the fence of %s/job-1.\n"));
	expect_refused(member, false);
}

Test(apply, a_pattern_and_a_name_judge_both)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "job-1");

	write_policy("1.json",
		     "{'cgroup': '%s/job-*', 'devices': {'allow': ['c 1:3 r', 'c 1:5 r']}}");
	write_policy("2.json",
		     "{'cgroup': '%s/job-1', 'devices': {'allow': ['c 1:5 r', 'c 1:7 w']}}");
	assert_done(apply(NULL, NULL));
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(cgroup, "c 1:3", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(cgroup, "c 1:7", O_WRONLY), EPERM);
	assert_done(program_run(NULL, WORDS("show", fill_in("%s/job-*"))));
}

/* The pins of a fence may outlive its anchor. */
/* By whichever command comes first. */
Test(apply, a_standing_fence_whose_anchor_was_made_again_holds_again)
{
	struct cgfence_cgroup *anchor = NULL;
	struct cgfence_error error = { 0 };

	write_policy("1.json", "{'cgroup': '%s/slice/job-*', 'devices': {}}");
	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "slice", &anchor, &error), 0);
	assert_done(apply(NULL, NULL));
	cr_assert_eq(cgfence_cgroup_remove(anchor, &error), 0, "%s", error.text);
	cgfence_cgroup_close(anchor);
	anchor = harness_child_cgroup(harness_cgroup(), "slice");
	assert_done(apply(NULL, NULL));
	expect_refused(harness_child_cgroup(anchor, "job-1"), true);
	assert_has(apply("--prune", "--dry-run").output, fill_in("keep %s/slice/job-*\n"));
}
