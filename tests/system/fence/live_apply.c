// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Plans: which cgroups policies name, and what acting on a plan does to live fences. */
#include "support/harness.h"
#include "cgroup/glob.h"
#include "support/fences.h"
#include "system/standing/standing.h"

#include <cgfence/apply.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(live_apply, .init = harness_begin, .fini = harness_end);

/* The directory of policies; %s in a policy is the path of the test's cgroup, and ' stands for ". */
static const char *write_policy(const char *name, const char *format)
{
	static char path[256];
	char text[1024];
	int code;

	snprintf(path, sizeof(path), "%s/policies", harness_directory());
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/policies/%s", harness_directory(), name);
	snprintf(text, sizeof(text), format, cgfence_cgroup_path(harness_cgroup()));
	code = fences_write_json(path, text);
	cr_assert_eq(code, 0, "%s: %s", path, strerror(-code));
	*strrchr(path, '/') = '\0';
	return path;
}

static struct cgfence_policy_set *policies;

static struct cgfence_apply_plan *make_plan(const char *path, unsigned int flags)
{
	struct cgfence_error error = { 0 };
	struct cgfence_apply_plan *plan = NULL;

	/* Plans point into their policies. */
	cgfence_policy_set_free(policies);
	policies = NULL;
	cr_assert_eq(cgfence_policy_set_read(path, 0, &policies, &error), 0, "%s", error.text);
	cr_assert_eq(cgfence_apply_plan_make(policies, flags, &plan, &error), 0, "%s", error.text);
	return plan;
}

static const struct cgfence_apply_step *find_step(const struct cgfence_apply_plan *plan,
						  const struct cgfence_cgroup *cgroup)
{
	const struct cgfence_apply_step *step;

	for (size_t i = 0; (step = cgfence_apply_plan_step(plan, i)); i++) {
		if (step->id == cgfence_cgroup_id(cgroup))
			return step;
	}
	return NULL;
}

/* Return: how many of the cgroups were gone. */
static int act(const struct cgfence_apply_plan *plan)
{
	int gone_count = 0;

	for (size_t i = 0; cgfence_apply_plan_step(plan, i); i++) {
		struct cgfence_error error = { 0 };
		bool gone = false;

		cr_assert_eq(cgfence_apply_plan_act(plan, i, &gone, &error), 0, "%s", error.text);
		gone_count += gone;
	}
	return gone_count;
}

static int count_match(const struct cgfence_cgroup *cgroup, void *context)
{
	(void)cgroup;
	++*(size_t *)context;
	return 0;
}

static size_t count_matches(const char *format, const char *base)
{
	struct cgfence_error error = { 0 };
	size_t count = 0;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), format, base);
	cr_assert_eq(cgroup_glob(pattern, count_match, &count, &error), 0, "%s", error.text);
	return count;
}

Test(live_apply, globs_match_cgroups_component_by_component)
{
	const char *base = cgfence_cgroup_path(harness_cgroup());
	struct cgfence_cgroup *slice = harness_child_cgroup(harness_cgroup(), "a.slice");

	harness_child_cgroup(slice, "web-1.service");
	harness_child_cgroup(slice, "web-2.service");
	harness_child_cgroup(slice, "web\\x2d3.service");
	harness_child_cgroup(slice, "[odd]");
	cr_expect_eq(count_matches("%s/a.slice/web-*.service", base), 2);
	cr_expect_eq(count_matches("%s/a.slice/web-*.service", base + 1), 2);
	cr_expect_eq(count_matches("%s/*/web-?.service", base), 2);
	cr_expect_eq(count_matches("%s/a.slice/web-[2-9].service", base), 1);
	cr_expect_eq(count_matches("%s/web-*", base), 0, "a star is for one component");
	cr_expect_eq(count_matches("%s/a.slice/web\\x2d*", base), 1, "a backslash is itself");
	cr_expect_eq(count_matches("%s/a.slice/[[]odd]", base), 1);
	cr_expect_eq(count_matches("%s/a.slice/cgroup.p*", base), 0, "files are no cgroups");
	cr_expect_eq(count_matches("%s/nowhere/*", base), 0);
}

Test(live_apply, fences_are_attached_replaced_kept_and_detached)
{
	struct cgfence_cgroup *fresh = harness_child_cgroup(harness_cgroup(), "fresh");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct cgfence_cgroup *same = harness_child_cgroup(harness_cgroup(), "same");
	struct cgfence_cgroup *unnamed = harness_child_cgroup(harness_cgroup(), "unnamed");
	struct cgfence_apply_plan *plan;
	struct cgfence_fence *fence = NULL;
	const char *path;

	harness_attach(other, "{'devices': {}}");
	harness_attach(same, "{'devices': {'allow': ['c 1:3 r']}}");
	harness_attach(unnamed, "{'devices': {}}");
	write_policy("1.json", "{'cgroup': '%s/fresh', 'devices': {'allow': ['c 1:3 r']}}");
	write_policy("2.json", "{'cgroup': '%s/other', 'devices': {'allow': ['c 1:3 r']}}");
	path = write_policy("3.json", "{'cgroup': '%s/same', 'devices': {'allow': ['c 1:3 r']}}");

	plan = make_plan(path, CGFENCE_APPLY_PRUNE);
	cr_expect_eq(find_step(plan, fresh)->action, CGFENCE_APPLY_ATTACH);
	cr_expect_eq(find_step(plan, other)->action, CGFENCE_APPLY_REPLACE);
	cr_expect_eq(find_step(plan, same)->action, CGFENCE_APPLY_KEEP);
	cr_expect_eq(find_step(plan, unnamed)->action, CGFENCE_APPLY_DETACH);
	cr_expect_eq(harness_open(fresh, "c 1:5", O_RDONLY), 0, "a plan changes nothing");
	cr_expect_eq(act(plan), 0);
	cgfence_apply_plan_free(plan);

	cr_expect_eq(harness_open(fresh, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(fresh, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(other, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(unnamed, "c 1:5", O_RDONLY), 0);
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(same), &fence, NULL), 0);
	cr_expect_eq(cgfence_fence_generation(fence), 1);
	cgfence_fence_close(fence);

	/* And then there is nothing left to do. */
	plan = make_plan(path, CGFENCE_APPLY_PRUNE);
	cr_expect_eq(find_step(plan, fresh)->action, CGFENCE_APPLY_KEEP);
	cr_expect_eq(find_step(plan, other)->action, CGFENCE_APPLY_KEEP);
	cr_expect_null(find_step(plan, unnamed));
	cgfence_apply_plan_free(plan);
}

Test(live_apply, without_prune_other_fences_stay)
{
	struct cgfence_cgroup *named = harness_child_cgroup(harness_cgroup(), "named");
	struct cgfence_cgroup *unnamed = harness_child_cgroup(harness_cgroup(), "unnamed");
	struct cgfence_apply_plan *plan;

	harness_attach(unnamed, "{'devices': {}}");
	plan = make_plan(write_policy("1.json", "{'cgroup': '%s/named', 'devices': {}}"), 0);
	cr_expect_eq(act(plan), 0);
	cgfence_apply_plan_free(plan);
	cr_expect_eq(harness_open(named, "c 1:3", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(unnamed, "c 1:3", O_RDONLY), EPERM);
}

Test(live_apply, the_fence_of_a_running_command_is_not_pruned)
{
	struct cgfence_cgroup *run = harness_child_cgroup(harness_cgroup(), "run");
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	enum cgfence_attach_result result;
	struct cgfence_fence *fence = NULL;
	struct cgfence_apply_plan *plan;
	const char *path;

	cr_assert_eq(cgfence_fence_attach(run, policy, CGFENCE_ATTACH_EPHEMERAL, &result, NULL), 0);
	cgfence_policy_free(policy);
	path = write_policy("1.json", "{'cgroup': '%s/x*', 'devices': {}}");
	plan = make_plan(path, CGFENCE_APPLY_PRUNE);
	cr_expect_null(find_step(plan, run));
	cgfence_apply_plan_free(plan);
	/* If a policy names it, it gets the policy and goes with the command as before. */
	path = write_policy("1.json", "{'cgroup': '%s/run', 'devices': {'allow': ['c 1:3 r']}}");
	plan = make_plan(path, 0);
	cr_expect_eq(act(plan), 0);
	cgfence_apply_plan_free(plan);
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(run), &fence, NULL), 0);
	cr_expect(cgfence_fence_ephemeral(fence));
	cr_expect_eq(cgfence_fence_generation(fence), 2);
	cgfence_fence_close(fence);
}

Test(live_apply, a_cgroup_that_is_removed_meanwhile_is_no_failure)
{
	struct cgfence_apply_plan *plan;
	char path[128];

	harness_child_cgroup(harness_cgroup(), "gone");
	plan = make_plan(write_policy("1.json", "{'cgroup': '%s/gone', 'devices': {}}"), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/gone", cgfence_cgroup_fd(harness_cgroup()));
	cr_assert_eq(rmdir(path), 0, "%s", strerror(errno));
	cr_expect_eq(act(plan), 1);
	cgfence_apply_plan_free(plan);
}

/* As if the standing fence could not be attached. */
Test(live_apply, a_member_does_not_lose_its_fence_before_the_standing_one_is_there)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_error error = { 0 };
	struct cgfence_apply_plan *plan;
	bool gone = false;
	size_t last = 0;

	standing_skip_if_refused();
	harness_attach(member, "{'devices': {}}");
	plan = make_plan(write_policy("1.json", "{'cgroup': '%s/job-*', 'devices': {}}"),
			 CGFENCE_APPLY_PRUNE);
	while (cgfence_apply_plan_step(plan, last + 1))
		last++;
	/* Other tests may have fences of their own; this is the step that is meant. */
	while (cgfence_apply_plan_step(plan, last)->id != cgfence_cgroup_id(member))
		last--;
	cr_assert_eq(cgfence_apply_plan_step(plan, last)->action, CGFENCE_APPLY_DETACH);
	cr_expect_eq(cgfence_apply_plan_act(plan, last, &gone, &error), -ENOENT);
	cr_expect(strstr(error.text, "stays"), "%s", error.text);
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), EPERM);
	cgfence_apply_plan_free(plan);
}
