// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fence of cgfence learn is replaced, detached or edited by somebody else while it learns. */
#include "learning.h"
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

TestSuite(learn_meanwhile, .init = sockets_begin, .fini = harness_end);

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

/* What is learnt under a policy that was changed meanwhile would be half of it. */
static void expect_end(struct program *program, const char *text)
{
	program_finish(program);
	cr_expect_eq(program->result.status, 1);
	assert_has(program->result.errors, text);
	cr_expect_str_eq(program->result.output, "");
}

Test(learn_meanwhile, leaves_the_fence_that_took_its_place)
{
	const char *policy = program_file("p.json", "{'devices': {'allow': ['c 1:3 r']}}");
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	assert_done(program_run(NULL, WORDS("attach", path(), policy)));
	expect_end(&program, "was replaced while it learnt");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
}

Test(learn_meanwhile, leaves_a_fence_that_was_made_after_it)
{
	const char *policy = program_file("p.json", "{'devices': {'allow': ['c 1:3 r']}}");
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	assert_done(program_run(NULL, WORDS("detach", path())));
	assert_done(program_run(NULL, WORDS("attach", path(), policy)));
	expect_end(&program, "while it learnt");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
}

Test(learn_meanwhile, leaves_the_standing_fence_that_took_its_place)
{
	const char *policy = program_file("p.json", "{'devices': {'allow': ['c 1:3 r']}}");
	struct program program;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/w*", path());
	learning_start(&program, WORDS("learn", pattern));
	assert_done(program_run(NULL, WORDS("attach", pattern, policy)));
	expect_end(&program, "was replaced while it learnt");
	cr_expect_eq(harness_open(harness_child_cgroup(harness_cgroup(), "web"), "c 1:5", O_RDONLY),
		     EPERM);
	assert_done(program_run(NULL, WORDS("detach", pattern)));
}

Test(learn_meanwhile, tells_nothing_if_its_fence_is_detached)
{
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	assert_done(program_run(NULL, WORDS("detach", path())));
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	expect_end(&program, "was detached while it learnt");
}

/* It would stay as an audit that nobody asked for. */
Test(learn_meanwhile, its_fence_is_not_edited)
{
	struct program_result result;
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	assert_fails(program_run(NULL, WORDS("allow", path(), "device", "c 1:5 r")), 1,
		     "it learns and refuses nothing");
	result = learning_end(&program);
	cr_expect_eq(result.status, 0, "%s", result.errors);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}
