// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/plan.h"
#include "policy/policy.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX 6

/* An element without a name ends a list. */
struct plan_case {
	const char *name;
	struct apply_source sources[LIST_MAX];
	struct apply_target targets[LIST_MAX];
	struct apply_fence fences[LIST_MAX];
	struct apply_missing missing[LIST_MAX];
	unsigned int flags;
	const char *plan;  /* "ACTION CGROUP FILE; ..."; NULL if it is refused */
	const char *error; /* part of the error then */
};

static struct cgfence_error no_device = { .text = "no device" };

#define SOURCE(file, policy)                                               \
	{                                                                  \
		.origin = (file), .text = (policy), .cgroup = "name-" file \
	}
/* A policy in words that are "W". */
static struct cgfence_policy in_words = { .source = (char *)"W", .lookups.count = 1 };

#define WORDS(file, policy_text)                                                 \
	{                                                                        \
		.origin = (file), .text = (policy_text), .cgroup = "name-" file, \
		.policy = &in_words                                              \
	}
#define GLOB(file, policy)                                                                  \
	{                                                                                   \
		.origin = (file), .text = (policy), .cgroup = "glob-" file, .is_glob = true \
	}

static struct apply_world world_of(const struct plan_case *one)
{
	struct apply_world world = {
		.sources = (struct apply_source *)one->sources,
		.targets = (struct apply_target *)one->targets,
		.fences = (struct apply_fence *)one->fences,
		.missing = (struct apply_missing *)one->missing,
	};

	while (world.source_count < LIST_MAX && one->sources[world.source_count].origin)
		world.source_count++;
	while (world.target_count < LIST_MAX && one->targets[world.target_count].path)
		world.target_count++;
	while (world.fence_count < LIST_MAX && one->fences[world.fence_count].path)
		world.fence_count++;
	while (world.missing_count < LIST_MAX && *one->missing[world.missing_count].error.text)
		world.missing_count++;
	return world;
}

static void format_plan(const struct apply_step *steps, size_t count, char *text, size_t size)
{
	static const char *const actions[] = {
		[CGFENCE_APPLY_ATTACH] = "attach",   [CGFENCE_APPLY_REPLACE] = "replace",
		[CGFENCE_APPLY_KEEP] = "keep",	     [CGFENCE_APPLY_DETACH] = "detach",
		[CGFENCE_APPLY_NOTHING] = "nothing", [CGFENCE_APPLY_FAIL] = "fail",
	};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct cgfence_apply_step *step = &steps[i].step;

		used += (size_t)snprintf(text + used, size - used, "%s%s %s%s%s%s%s", i ? "; " : "",
					 actions[step->action], step->cgroup,
					 step->origin ? " " : "", step->origin ? step->origin : "",
					 step->reason ? ": " : "",
					 step->reason ? step->reason : "");
	}
}

static void expect_plans(const struct plan_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct apply_world world = world_of(&cases[i]);
		struct apply_step *steps = NULL;
		struct cgfence_error error = { 0 };
		size_t step_count = 99;
		char text[512];
		int result = apply_plan(&world, cases[i].flags, &steps, &step_count, &error);

		if (!cases[i].plan) {
			cr_expect_eq(result, -EINVAL, "%s: returned %d", cases[i].name, result);
			cr_expect(error.invalid_input, "%s", cases[i].name);
			cr_expect_null(steps);
			cr_expect_eq(step_count, 99);
			cr_expect_eq(strncmp(error.text, cases[i].error, strlen(cases[i].error)), 0,
				     "%s: %s", cases[i].name, error.text);
			continue;
		}
		cr_assert_eq(result, 0, "%s: %s", cases[i].name, error.text);
		format_plan(steps, step_count, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].plan, "%s:\n  is     %s\n  not    %s",
				 cases[i].name, text, cases[i].plan);
		apply_plan_free(steps, step_count);
	}
	policy_text_expect_no_leak();
}

Test(apply_plan, is_desired_minus_observed)
{
	static const struct plan_case cases[] = {
		{ .name = "no fence",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .plan = "attach /a x" },
		{ .name = "another policy",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "Q" } },
		  .plan = "replace /a x" },
		{ .name = "the same policy",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P" } },
		  .plan = "keep /a x" },
		{ .name = "the same policy, of words that stood for it",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P", .words = "W" } },
		  .plan = "replace /a x" },
		{ .name = "the same policy in the same words",
		  .sources = { WORDS("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P", .words = "W" } },
		  .plan = "keep /a x" },
		{ .name = "the same policy in other words",
		  .sources = { WORDS("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P", .words = "V" } },
		  .plan = "replace /a x" },
		{ .name = "the same words, which stand for something else",
		  .sources = { WORDS("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "Q", .words = "W" } },
		  .plan = "replace /a x" },
		/* The fence has followed its devices since. */
		{ .name = "the same words, which cannot be resolved in the file",
		  .sources = { { .origin = "x",
				 .text = "P",
				 .cgroup = "/a",
				 .policy = &in_words,
				 .error = &no_device } },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "Q", .words = "W" } },
		  .plan = "keep /a x" },
		{ .name = "the same policy, half changed",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P", .torn = true } },
		  .plan = "replace /a x" },
		{ .name = "a policy that cannot be read",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a" } },
		  .plan = "replace /a x" },
		{ .name = "sorted by cgroup, whatever the ids",
		  .sources = { SOURCE("x", "P"), GLOB("y", "Q") },
		  .targets = { { 9, "/a", false, 0, false },
			       { 3, "/c", false, 1, false },
			       { 5, "/b", false, 1, false } },
		  .fences = { { .id = 3, .path = "/c", .text = "P" },
			      { .id = 9, .path = "/a", .text = "P" } },
		  .plan = "keep /a x; attach /b y; replace /c y" },
		{ .name = "a glob that matches nothing",
		  .sources = { GLOB("x", "P"), SOURCE("y", "P") },
		  .targets = { { 1, "/a", false, 1, false } },
		  .plan = "attach /a y; nothing glob-x x" },
		{ .name = "nothing at all", .plan = "" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

Test(apply_plan, prune_detaches_what_no_policy_names)
{
	static const struct plan_case cases[] = {
		{ .name = "without it they stay",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 2, "/b", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P" },
			      { .id = 2, .path = "/b", .text = "P" } },
		  .plan = "keep /b x" },
		{ .name = "with it they go",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 2, "/b", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .text = "P" },
			      { .id = 2, .path = "/b", .text = "P" },
			      { .id = 3, .path = "/c" } },
		  .flags = CGFENCE_APPLY_PRUNE,
		  .plan = "keep /b x; detach /a; detach /c" },
		{ .name = "a command that runs keeps its fence",
		  .sources = { GLOB("x", "P") },
		  .fences = { { .id = 1, .path = "/run", .text = "P", .ephemeral = true },
			      { .id = 2, .path = "/b", .text = "P" } },
		  .flags = CGFENCE_APPLY_PRUNE,
		  .plan = "nothing glob-x x; detach /b" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

#define STANDING(number) (CGFENCE_STANDING_ID | (number))

Test(apply_plan, standing_fences_are_as_others)
{
	static const struct plan_case cases[] = {
		{ .name = "none, another and the same",
		  .sources = { GLOB("x", "P"), GLOB("y", "P"), SOURCE("z", "P") },
		  .targets = { { STANDING(1), "/a*", false, 0, true },
			       { STANDING(2), "/b*", false, 1, true },
			       { STANDING(3), "/c", false, 2, true } },
		  .fences = { { .id = STANDING(2), .path = "/b*", .text = "Q" },
			      { .id = STANDING(3), .path = "/c", .text = "P" } },
		  .plan = "attach /a* x; replace /b* y; keep /c z" },
		{ .name = "no policy names it",
		  .sources = { GLOB("x", "P") },
		  .targets = { { STANDING(1), "/a*", false, 0, true } },
		  .fences = { { .id = STANDING(1), .path = "/a*", .text = "P" },
			      { .id = STANDING(2), .path = "/b*", .text = "P" } },
		  .flags = CGFENCE_APPLY_PRUNE,
		  .plan = "keep /a* x; detach /b*" },
		{ .name = "two of the same pattern",
		  .sources = { GLOB("x", "P"), GLOB("y", "P") },
		  .targets = { { STANDING(1), "/a*", false, 0, true },
			       { STANDING(1), "/a*", false, 1, true } },
		  .error = "x and y both name the cgroup /a*; " },
		{ .name = "a cgroup and its pattern judge both",
		  .sources = { GLOB("x", "P"), SOURCE("y", "Q") },
		  .targets = { { STANDING(1), "/a*", false, 0, true },
			       { 1, "/a1", false, 1, false } },
		  .plan = "attach /a* x; attach /a1 y" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

Test(apply_plan, a_fence_of_a_member_goes_when_its_standing_fence_can_be_there)
{
	static const struct cgfence_policy except_b = { .except = (char *)"b*/" };
	const struct apply_source sources[] = {
		{ .origin = (char *)"x",
		  .text = (char *)"P",
		  .cgroup = (char *)"/s/*",
		  .policy = (struct cgfence_policy *)&except_b },
		{ .origin = (char *)"y", .cgroup = (char *)"/t/*", .error = &no_device },
	};
	struct apply_target targets[] = { { STANDING(1), (char *)"/s/*", false, 0, true },
					  { STANDING(2), (char *)"/t/*", false, 1, true } };
	struct apply_fence fences[] = { { .id = 1, .path = (char *)"/s/a" },
					{ .id = 2, .path = (char *)"/s/b1" },
					{ .id = 3, .path = (char *)"/s/a/deeper" },
					{ .id = 4, .path = (char *)"/t/a" } };
	const struct apply_world world = { .sources = sources,
					   .source_count = ARRAY_SIZE(sources),
					   .targets = targets,
					   .target_count = ARRAY_SIZE(targets),
					   .fences = fences,
					   .fence_count = ARRAY_SIZE(fences) };
	struct apply_step *steps = NULL;
	size_t count = 0;
	char text[512];

	cr_assert_eq(apply_plan(&world, CGFENCE_APPLY_PRUNE, &steps, &count, NULL), 0);
	format_plan(steps, count, text, sizeof(text));
	cr_assert_str_eq(text, "attach /s/* x; fail /t/* y: no device; detach /s/a; "
			       "detach /s/a/deeper; detach /s/b1");
	cr_expect_str_eq(steps[2].heir, "/s/*");
	cr_expect_null(steps[3].heir);
	cr_expect_null(steps[4].heir);
	apply_plan_free(steps, count);
	policy_text_expect_no_leak();
}

Test(apply_plan, two_policies_for_one_cgroup)
{
	static const struct plan_case cases[] = {
		{ .name = "two plain names",
		  .sources = { SOURCE("x", "P"), SOURCE("y", "P") },
		  .targets = { { 1, "/a", false, 0, false }, { 1, "/a", false, 1, false } },
		  .error = "x and y both name the cgroup /a; " },
		{ .name = "two globs",
		  .sources = { GLOB("x", "P"), GLOB("y", "P") },
		  .targets = { { 1, "/a", false, 1, false }, { 1, "/a", false, 0, false } },
		  .error = "x and y both name the cgroup /a; " },
		{ .name = "a glob and a plain name",
		  .sources = { GLOB("x", "P"), SOURCE("y", "Q") },
		  .targets = { { 1, "/a", false, 0, false },
			       { 2, "/b", false, 0, false },
			       { 1, "/a", false, 1, false } },
		  .plan = "attach /a y; attach /b x" },
		{ .name = "a plain name and two globs",
		  .sources = { GLOB("x", "P"), GLOB("y", "P"), SOURCE("z", "Q") },
		  .targets = { { 1, "/a", false, 0, false },
			       { 1, "/a", false, 1, false },
			       { 1, "/a", false, 2, false } },
		  .plan = "attach /a z" },
		{ .name = "two plain names and a glob",
		  .sources = { SOURCE("x", "P"), GLOB("y", "P"), SOURCE("z", "Q") },
		  .targets = { { 1, "/a", false, 0, false },
			       { 1, "/a", false, 1, false },
			       { 1, "/a", false, 2, false } },
		  .error = "x and z both name the cgroup /a; " },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

Test(apply_plan, the_root_is_not_fenced_in_passing)
{
	static const struct plan_case cases[] = {
		{ .name = "not fenced yet",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/", true, 0, false } },
		  .error = "x: its cgroup is the root" },
		{ .name = "fenced by hand",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/", true, 0, false } },
		  .fences = { { .id = 1, .path = "/", .text = "P" } },
		  .plan = "keep / x" },
		{ .name = "every cgroup by its name",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { STANDING(1), "/*", false, 0, true } },
		  .error = "x: its pattern is for every cgroup" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

/* A policy that cannot be resolved has no text. */
#define UNRESOLVED(file)                                                      \
	{                                                                     \
		.origin = (file), .cgroup = "name-" file, .error = &no_device \
	}

Test(apply_plan, what_is_not_there_fails_alone)
{
	static const struct plan_case cases[] = {
		{ .name = "a cgroup that is not there",
		  .sources = { SOURCE("x", "P"), SOURCE("y", "P") },
		  .targets = { { 1, "/a", false, 1, false } },
		  .missing = { { 0, { .text = "no cgroup" } } },
		  .plan = "attach /a y; fail name-x x: no cgroup" },
		{ .name = "it may be missing",
		  .sources = { SOURCE("x", "P"), SOURCE("y", "P") },
		  .targets = { { 1, "/a", false, 1, false } },
		  .missing = { { 0, { .text = "no cgroup" } } },
		  .flags = CGFENCE_APPLY_MISSING_OK,
		  .plan = "attach /a y; nothing name-x x" },
		{ .name = "a name that is none",
		  .sources = { SOURCE("x", "P") },
		  .missing = { { 0, { .text = "no name", .invalid_input = true } } },
		  .flags = CGFENCE_APPLY_MISSING_OK,
		  .error = "no name" },
		{ .name = "a device that is not there, and the fence stays",
		  .sources = { UNRESOLVED("x"), SOURCE("y", "P") },
		  .targets = { { 1, "/b", false, 0, false }, { 2, "/a", false, 1, false } },
		  .fences = { { .id = 1, .path = "/b", .text = "Q" } },
		  .flags = CGFENCE_APPLY_PRUNE,
		  .plan = "attach /a y; fail /b x: no device" },
		{ .name = "nor is the cgroup",
		  .sources = { UNRESOLVED("x") },
		  .missing = { { 0, { .text = "no cgroup" } } },
		  .flags = CGFENCE_APPLY_MISSING_OK,
		  .plan = "fail name-x x: no device" },
		{ .name = "a glob does not take its place",
		  .sources = { UNRESOLVED("x"), GLOB("y", "P") },
		  .targets = { { 1, "/a", false, 0, false }, { 1, "/a", false, 1, false } },
		  .plan = "fail /a x: no device" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

Test(apply_plan, for_a_daemon_a_fault_of_two_policies_is_theirs_alone)
{
	static const struct plan_case cases[] = {
		{ .name = "two globs",
		  .sources = { GLOB("x", "P"), GLOB("y", "P"), SOURCE("z", "P") },
		  .targets = { { 1, "/a", false, 0, false },
			       { 1, "/a", false, 1, false },
			       { 2, "/b", false, 2, false } },
		  .flags = CGFENCE_APPLY_FAIL_ALONE,
		  .plan = "fail /a x: x and y both name the cgroup /a; name it in one of them; "
			  "attach /b z" },
		{ .name = "a name that is none",
		  .sources = { SOURCE("x", "P"), SOURCE("y", "P") },
		  .targets = { { 1, "/a", false, 1, false } },
		  .missing = { { 0, { .text = "no name", .invalid_input = true } } },
		  .flags = CGFENCE_APPLY_FAIL_ALONE,
		  .plan = "attach /a y; fail name-x x: no name" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}

Test(apply_plan, a_fence_that_is_known_is_kept_without_its_text)
{
	static const struct plan_case cases[] = {
		{ .name = "the same",
		  .sources = { SOURCE("x", "P") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .known = "P" } },
		  .plan = "keep /a x" },
		{ .name = "another",
		  .sources = { SOURCE("x", "Q") },
		  .targets = { { 1, "/a", false, 0, false } },
		  .fences = { { .id = 1, .path = "/a", .known = "P" } },
		  .plan = "replace /a x" },
	};

	expect_plans(cases, ARRAY_SIZE(cases));
}
