// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Commands that wait for a container runtime. */
#include "support/setup.h"
#include "applying.h"
#include "support/children.h"

#include <errno.h>
#include <unistd.h>

TestSuite(setup, .init = harness_begin, .fini = harness_end, .timeout = 600);

#define DEVICES "'devices': {'defaults': true}"

/* A machine may be so slow that the runtime seems to take long, and the command gives up. */
#define TRIES 10

static bool is_fenced(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	int code = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, NULL);

	cgfence_fence_close(fence);
	cr_assert(code == 0 || code == -ENOENT);
	return code == 0;
}

/* Runs a command on a terminal, lets the runtime be done once @text is printed, and returns its status. */
static int run_until(const struct cgfence_cgroup *cgroup, const char *text,
		     const char *const *words, struct program *program)
{
	struct setup_scene scene;

	setup_begin(&scene, cgroup, "runc", "create");
	program_start(program, &(const struct program_options){ .terminal = true }, words);
	program_expect(program, text);
	setup_leave(&scene);
	program_finish(program);
	setup_end(&scene);
	return program->result.status;
}

Test(setup, attach_waits_and_says_so)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program program;
	int status = 1;

	for (int i = 0; i < TRIES && status; i++)
		status = run_until(harness_cgroup(), "is setting up a container there",
				   WORDS("attach", path), &program);
	cr_assert_eq(status, 0, "%s", program.result.output);
	assert_has(program.result.output, "cgfence: waiting for a container runtime: ");
	assert_has(program.result.output, "(runc) is setting up a container there");
	assert_has(program.result.output, "Fenced ");
	cr_expect(is_fenced(harness_cgroup()));
}

Test(setup, attach_gives_up_and_recommends_a_standing_fence)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;
	struct setup_scene scene;

	setup_begin(&scene, harness_cgroup(), "runc", "create");
	result = program_run(NULL, WORDS("attach", path));
	assert_fails(result, 1, "(runc) is setting up a container there");
	assert_has(result.errors, "a standing fence");
	assert_has(result.errors, "cgfence attach 'machine.slice/libpod-*.scope'");
	cr_expect_not(is_fenced(harness_cgroup()));
	assert_done(program_run(NULL, WORDS("attach", path,
					    program_file("ports.json", "{'ports': [80]}"))));
	setup_end(&scene);
}

Test(setup, apply_does_the_others_first)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "b");
	struct program program;
	int status = 1;

	applying_write_policy("1.json", "/a", DEVICES);
	applying_write_policy("2.json", "/b", DEVICES);
	for (int i = 0; i < TRIES && status; i++)
		status = run_until(first, cgfence_cgroup_path(other),
				   WORDS("apply", applying_directory()), &program);
	cr_assert_eq(status, 0, "%s", program.result.output);
	assert_lacks(program.result.output, "cannot");
	cr_expect(is_fenced(first));
}

Test(setup, watch_comes_back_to_it)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "b");
	struct setup_scene scene;
	struct watching watching;
	unsigned long before;

	applying_write_policy("1.json", "/a", DEVICES);
	applying_write_policy("2.json", "/b", DEVICES);
	setup_begin(&scene, first, "runc", "create");
	applying_start(&watching);
	applying_expect_applied(&watching, other, "2.json");
	cr_expect_not(is_fenced(first));
	/* Nothing tells of the end, and the interval is long, so it looks again and again. */
	before = children_count_waits(watching.program.pid);
	for (int i = 0; i < 4000 && children_count_waits(watching.program.pid) < before + 20; i++)
		usleep(5000);
	cr_expect_geq(children_count_waits(watching.program.pid), before + 20);
	setup_leave(&scene);
	applying_expect_applied(&watching, first, "1.json");
	watching_stop(&watching);
	setup_end(&scene);
}
