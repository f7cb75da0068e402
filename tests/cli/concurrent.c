// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Commands that run at once on the same cgroups. */
#include "support/harness.h"
#include "program.h"

#include <cgfence/standing.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

TestSuite(concurrent, .init = harness_begin, .fini = harness_end, .timeout = 300);

#define PROGRAMS 8
#define ROUNDS ((int)harness_rounds(4))
#define LISTS ((int)harness_rounds(150))

static struct program programs[PROGRAMS];

static void finish_all(void)
{
	for (int i = 0; i < PROGRAMS; i++) {
		const struct program_result *result = &programs[i].result;

		program_finish(&programs[i]);
		cr_expect(result->status == 0 ||
				  (result->status == 1 &&
				   (strstr(result->errors, "no such cgroup") ||
				    strstr(result->errors, "has no fence of its own"))),
			  "program %d: status %d, errors '%s'", i, result->status, result->errors);
	}
}

static json_t *show(const struct cgfence_cgroup *cgroup)
{
	struct program_result result =
		program_run(NULL, WORDS("show", cgfence_cgroup_path(cgroup)));

	assert_done(result);
	return program_json(&result);
}

Test(concurrent, commands_at_once_fail_for_nothing_but_want_of_a_fence)
{
	const char *names[] = {
		cgfence_cgroup_path(harness_child_cgroup(harness_cgroup(), "one")),
		cgfence_cgroup_path(harness_child_cgroup(harness_cgroup(), "two")),
	};
	const char *policy = program_file("policy.json", "{'devices': {'allow': ['c 1:3 rw']},"
							 " 'ports': [8080]}");
	/* This policy has both sections too, so that allow and revoke can change it. */
	const struct program_options changed = {
		.input = "{'devices': {'defaults': true}, 'ports': [8081]}",
	};

	for (int round = 0; round < ROUNDS; round++) {
		const char *name = names[round % 2];
		const char *other = names[(round + 1) % 2];

		program_start(&programs[0], NULL, WORDS("attach", name, policy));
		program_start(&programs[1], NULL, WORDS("detach", name));
		program_start(&programs[2], NULL, WORDS("allow", name, "port", "tcp", "9"));
		program_start(&programs[3], &changed, WORDS("attach", other, "-"));
		program_start(&programs[4], NULL, WORDS("status", "--json"));
		program_start(&programs[5], NULL, WORDS("show", name));
		program_start(&programs[6], NULL, WORDS("revoke", name, "device", "c 1:3 w"));
		program_start(&programs[7], NULL, WORDS("detach", "--all"));
		finish_all();
	}
	/* They leave a state in which the next commands work. */
	assert_done(program_run(NULL, WORDS("attach", names[0], policy)));
	assert_done(program_run(NULL, WORDS("detach", "--all")));
	assert_done(program_run(NULL, WORDS("detach", names[0])));
}

Test(concurrent, no_edit_of_many_at_once_is_lost)
{
	const char *name = cgfence_cgroup_path(harness_cgroup());
	char entries[PROGRAMS][16];
	json_t *policy;
	json_t *allowed;

	assert_done(program_run(NULL, WORDS("attach", name,
					    program_file("policy.json", "{'devices': {}}"))));
	for (int i = 0; i < PROGRAMS; i++) {
		snprintf(entries[i], sizeof(entries[i]), "c 200:%d r", i);
		program_start(&programs[i], NULL, WORDS("allow", name, "device", entries[i]));
	}
	finish_all();
	policy = show(harness_cgroup());
	allowed = json_object_get(json_object_get(policy, "devices"), "allow");
	cr_expect_eq(json_array_size(allowed), PROGRAMS);
	json_decref(policy);
	policy = program_status(harness_cgroup());
	cr_expect_eq(json_integer_value(json_object_get(policy, "generation")), 1 + PROGRAMS);
	json_decref(policy);
}

/* A child attaches and detaches both of these until it is killed. */
static void come_and_go(const struct cgfence_cgroup *cgroup, const char *pattern)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	uint64_t standing = 0;

	for (;;) {
		enum cgfence_attach_result attached;
		bool detached;

		cgfence_fence_attach(cgroup, policy, 0, &attached, NULL);
		cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, NULL);
		cgfence_standing_attach(pattern, policy, 0, &attached, NULL);
		if (cgfence_standing_find(pattern, &standing, NULL) == 0)
			cgfence_fence_detach(standing, &detached, NULL);
	}
}

Test(concurrent, fences_that_come_and_go_are_no_failure_of_a_list)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "one");
	char pattern[256];
	pid_t pid;
	int status;

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	pid = harness_fork();
	if (pid == 0)
		come_and_go(cgroup, pattern);
	for (int i = 0; i < LISTS; i++) {
		assert_done(program_run(NULL, WORDS("status")));
		assert_done(program_run(NULL, WORDS("denials", "--json")));
	}
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	assert_done(program_run(NULL, WORDS("detach", "--all")));
}
