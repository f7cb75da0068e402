// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* denials --follow: what is there, then what is new, for any number of readers. */
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(follow, .init = harness_begin, .fini = harness_end);

static void start(struct program *program, const char *option)
{
	program_start(program, NULL, WORDS("denials", "--follow", option));
}

static void end(struct program *program, int signal)
{
	kill(program->pid, signal);
	program_finish(program);
	assert_done(program->result);
}

static void refuse(const char *device)
{
	cr_assert_eq(harness_open(harness_cgroup(), device, O_RDONLY), EPERM);
}

Test(follow, begins_with_what_is_there_and_goes_on_with_what_is_new)
{
	struct program program;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	refuse("c 1:3");
	start(&program, NULL);
	assert_has(program_next_line(&program, "LAST\t"), "\tCGROUP");
	assert_has(program_next_line(&program, "c 1:3 r"), "\t1\tdenied\tdevice\t");
	refuse("c 1:5");
	assert_has(program_next_line(&program, "c 1:5 r"), "\t1\tdenied\tdevice\t");
	/* Told again when it is refused again, and what is as before is not. */
	refuse("c 1:3");
	assert_has(program_next_line(&program, "\t"), "\t2\tdenied\tdevice\tc 1:3 r\t");
	end(&program, SIGINT);
}

Test(follow, json_is_one_object_a_line)
{
	struct program program;
	json_t *denial;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	refuse("c 1:3");
	start(&program, "-j");
	denial = parse_object(program_next_line(&program, "{"));
	expect_keys(denial, "cgroup hook verdict pid comm count first last device");
	cr_expect_str_eq(text_of(denial, "cgroup"), cgfence_cgroup_path(harness_cgroup()));
	cr_expect_eq(number_of(denial, "count"), 1);
	json_decref(denial);
	refuse("c 1:3");
	denial = parse_object(program_next_line(&program, "{"));
	cr_expect_eq(number_of(denial, "count"), 2);
	json_decref(denial);
	end(&program, SIGTERM);
}

Test(follow, fences_that_are_made_later_are_followed_too)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "later");
	struct program program;

	start(&program, NULL);
	program_next_line(&program, "LAST\t");
	harness_attach(child, "{'devices': {}}");
	cr_assert_eq(harness_open(child, "c 1:3", O_RDONLY), EPERM);
	assert_has(program_next_line(&program, "c 1:3 r"), "/later");
	end(&program, SIGTERM);
}

Test(follow, a_policy_that_is_replaced_changes_nothing)
{
	struct program program;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	refuse("c 1:3");
	start(&program, NULL);
	program_next_line(&program, "c 1:3 r");
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:7 r']}}");
	refuse("c 1:5");
	assert_has(program_next_line(&program, "\t"), "c 1:5 r");
	end(&program, SIGTERM);
}

Test(follow, one_fence_alone)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program program;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	harness_attach(child, "{'devices': {}}");
	program_start(&program, NULL, WORDS("denials", "-f", cgfence_cgroup_path(child)));
	program_next_line(&program, "LAST\t");
	refuse("c 1:5");
	cr_assert_eq(harness_open(child, "c 1:3", O_RDONLY), EPERM);
	assert_has(program_next_line(&program, "\t"), "c 1:3 r");
	end(&program, SIGTERM);
	assert_lacks(program.result.output, "c 1:5");
	assert_fails(program_run(NULL, WORDS("denials", "-f", "cgfence-test-none")), 1,
		     "cgfence-test-none");
}

/* As without --follow: the standing fences that it is a member of, and its own once it has one. */
Test(follow, a_member_of_a_standing_fence)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "job-2");
	struct program program;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	assert_done(program_run(NULL, WORDS("attach", pattern,
					    program_file("policy.json", "{'devices': {}}"))));
	cr_assert_eq(harness_open(member, "c 1:3", O_RDONLY), EPERM);
	cr_assert_eq(harness_open(other, "c 1:7", O_RDONLY), EPERM);
	program_start(&program, NULL, WORDS("denials", "-f", cgfence_cgroup_path(member)));
	assert_has(program_next_line(&program, "c 1:3 r"), cgfence_cgroup_path(member));
	cr_assert_eq(harness_open(other, "c 1:8", O_RDONLY), EPERM);
	cr_assert_eq(harness_open(member, "c 1:5", O_RDONLY), EPERM);
	assert_has(program_next_line(&program, "\t"), "c 1:5 r");
	harness_attach(member, "{'devices': {}}");
	/* Both refuse it. */
	cr_assert_eq(harness_open(member, "c 1:9", O_RDONLY), EPERM);
	assert_has(program_next_line(&program, "\t"), "c 1:9 r");
	assert_has(program_next_line(&program, "\t"), "c 1:9 r");
	end(&program, SIGTERM);
	assert_lacks(program.result.output, "c 1:7");
	assert_lacks(program.result.output, "c 1:8");
	assert_done(program_run(NULL, WORDS("detach", pattern)));
}

Test(follow, many_readers_see_them_all)
{
	struct program programs[3];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	for (int i = 0; i < 3; i++) {
		start(&programs[i], NULL);
		program_next_line(&programs[i], "LAST\t");
	}
	refuse("c 1:3");
	for (int i = 0; i < 3; i++)
		program_next_line(&programs[i], "c 1:3 r");
	for (int i = 0; i < 3; i++)
		end(&programs[i], SIGTERM);
}

/* Nothing is refused meanwhile, so that no write can tell it. */
Test(follow, ends_when_its_reader_does)
{
	const struct program_options options = { .by_words = true };
	struct program_result result;
	char line[512];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	refuse("c 1:3");
	snprintf(line, sizeof(line), "{ %s denials --follow; echo $? >&2; } | head -n 1",
		 program_path());
	result = program_run(&options, WORDS("sh", "-c", line));
	cr_assert_eq(strncmp(result.output, "LAST\t", 5), 0, "'%s'", result.output);
	cr_assert_str_eq(result.errors, "0\n");
}
