// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who becomes a member, and what stays when a policy is replaced. */
#include "standing.h"
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(standing_members, .init = harness_begin, .fini = standing_end);

#define NULL_ONLY "{'devices': {'allow': ['c 1:3 rw']}}"
#define NULL_AND_ZERO "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw']}}"

static int open_zero(const struct cgfence_cgroup *cgroup)
{
	return harness_open(cgroup, "c 1:5", O_RDONLY);
}

/* Names are made for each test by itself, since some have what a path cannot have. */
static void expect_members(const char *pattern, const char *policy, const char *const *names,
			   bool expected)
{
	standing_attach(pattern, policy);
	for (; *names; names++) {
		struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), *names);

		cr_expect_eq(open_zero(cgroup), expected ? EPERM : 0, "'%s' and '%s'", pattern,
			     *names);
	}
}

Test(standing_members, names_match_as_glob_has_it)
{
	static const char *const longest[] = {
		"n23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		"123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		"1234567890123456789012345678901234567890123456789012345678901234567890.end",
		NULL
	};
	static const char *const brackets[] = { "b-a.x", "b-z.x", "b-].x", NULL };
	static const char *const no_brackets[] = { "b-A.y", "b-.y", "b-aa.y", "xb-a.y", NULL };
	static const char *const bytes[] = { "y-\x01\x02\x7f", "y-\xff\xfe", "y-\\n", "y- *?[",
					     NULL };

	expect_members("n*.end", NULL_ONLY, longest, true);
	expect_members("b-[]a-z].x", NULL_ONLY, brackets, true);
	expect_members("b-[]a-z].y", NULL_ONLY, no_brackets, false);
	expect_members("y-?*", NULL_ONLY, bytes, true);
}

Test(standing_members, a_period_at_the_beginning_matches_only_itself)
{
	static const char *const hidden[] = { ".job", NULL };
	static const char *const dotted[] = { ".job2", NULL };

	expect_members("*job", NULL_ONLY, hidden, false);
	expect_members(".job*", NULL_ONLY, dotted, true);
}

Test(standing_members, a_plain_name_is_one_cgroup)
{
	static const char *const web[] = { "web", NULL };
	static const char *const others[] = { "web1", "we", "Web", NULL };

	expect_members("web", NULL_ONLY, web, true);
	expect_members("web", NULL_ONLY, others, false);
}

Test(standing_members, exceptions_are_none)
{
	static const char *const excepted[] = { "job-conmon-1", "job-2x", NULL };
	static const char *const members[] = { "job-1", "job-conmon", NULL };
	const char *policy =
		"{'except': ['job-conmon-*', 'job-?x'], 'devices': {'allow': ['c 1:3 rw']}}";

	expect_members("job-*", policy, excepted, false);
	expect_members("job-*", policy, members, true);
	cr_expect_eq(standing_member_count("job-*"), 2);
}

Test(standing_members, a_pattern_may_have_several_levels)
{
	struct cgfence_cgroup *user = harness_child_cgroup(harness_cgroup(), "user-1");
	struct cgfence_cgroup *before = harness_child_cgroup(user, "app-1.scope");
	struct cgfence_cgroup *group = harness_child_cgroup(harness_cgroup(), "group");
	struct cgfence_cgroup *after;

	standing_attach("user-*/app-*.scope", NULL_ONLY);
	after = harness_child_cgroup(harness_child_cgroup(harness_cgroup(), "user-2"),
				     "app-2.scope");
	cr_expect_eq(open_zero(before), EPERM);
	cr_expect_eq(open_zero(after), EPERM);
	cr_expect_eq(open_zero(harness_child_cgroup(after, "app-3.scope")), EPERM,
		     "below a member");
	cr_expect_eq(open_zero(user), 0);
	cr_expect_eq(open_zero(harness_child_cgroup(group, "app-1.scope")), 0);
	cr_expect_eq(open_zero(harness_child_cgroup(user, "app-1.service")), 0);
	cr_expect_eq(standing_member_count("user-*/app-*.scope"), 2);
}

Test(standing_members, an_anchor_need_not_be_the_cgroup_just_above)
{
	struct cgfence_cgroup *slice;

	/* Neither the slice nor the service is there yet. */
	standing_attach("later.slice/web.service", NULL_ONLY);
	slice = harness_child_cgroup(harness_cgroup(), "later.slice");
	cr_expect_eq(open_zero(harness_child_cgroup(slice, "web.service")), EPERM);
	cr_expect_eq(open_zero(slice), 0);
	/* The same fence, on its old anchor. */
	cr_expect_eq(standing_attach("later.slice/web.service", NULL_AND_ZERO), CGFENCE_REPLACED);
	cr_expect_eq(standing_member_count("later.slice/web.service"), 1);
}

static void remove_cgroup(const struct cgfence_cgroup *parent, const char *name)
{
	cr_assert_eq(unlinkat(cgfence_cgroup_fd(parent), name, AT_REMOVEDIR), 0, "%s",
		     strerror(errno));
}

Test(standing_members, membership_ends_with_the_cgroup)
{
	standing_attach("job-*", NULL_ONLY);
	cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), "job-1", 0755), 0);
	cr_expect_eq(standing_member_count("job-*"), 1);
	remove_cgroup(harness_cgroup(), "job-1");
	cr_expect_eq(standing_member_count("job-*"), 0);
}

Test(standing_members, a_new_policy_keeps_them_and_new_exceptions_choose_again)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_cgroup *second = harness_child_cgroup(harness_cgroup(), "job-2");

	standing_attach("job-*", NULL_ONLY);
	cr_expect_eq(standing_attach("job-*", NULL_ONLY), CGFENCE_UNCHANGED);
	cr_expect_eq(standing_attach("job-*", NULL_AND_ZERO), CGFENCE_REPLACED);
	cr_expect_eq(open_zero(first), 0);
	cr_expect_eq(harness_open(first, "c 1:7", O_RDONLY), EPERM);
	standing_attach("job-*", "{'except': ['*-1'], 'devices': {'allow': ['c 1:3 rw']}}");
	cr_expect_eq(open_zero(first), 0);
	cr_expect_eq(open_zero(second), EPERM);
	cr_expect_eq(open_zero(harness_child_cgroup(harness_cgroup(), "job-11")), EPERM);
	cr_expect_eq(open_zero(harness_child_cgroup(harness_cgroup(), "job-x-1")), 0);
	standing_attach("job-*", NULL_ONLY);
	cr_expect_eq(open_zero(first), EPERM);
	cr_expect_eq(standing_member_count("job-*"), 4);
}

Test(standing_members, fences_on_one_anchor_and_on_a_member_all_judge)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "job-web");
	struct cgfence_error error = { 0 };
	uint64_t *ids = NULL;
	size_t count = 0;

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw', 'c 1:7 rw', 'c 1:8 rw']}}");
	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw', 'c 1:7 rw']}}");
	standing_attach("*-web", "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw', 'c 1:8 rw']}}");
	harness_attach(cgroup, "{'devices': {'allow': ['c 1:3 rw', 'c 1:7 rw', 'c 1:8 rw']}}");
	cr_expect_eq(harness_open(cgroup, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(cgroup, "c 1:7", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(cgroup, "c 1:8", O_RDONLY), EPERM);
	cr_expect_eq(cgfence_standing_of(cgfence_cgroup_id(cgroup), &ids, &count, &error), 0);
	cr_expect_eq(count, 2);
	free(ids);
	standing_detach("*-web");
	cr_expect_eq(harness_open(cgroup, "c 1:7", O_RDONLY), 0);
	cr_expect_eq(harness_open(cgroup, "c 1:8", O_RDONLY), EPERM);
}

Test(standing_members, patterns_that_cannot_be_are_refused)
{
	struct cgfence_policy *policy = harness_policy(NULL_ONLY);
	enum cgfence_attach_result result;
	struct cgfence_error error;

	cr_expect_eq(cgfence_standing_attach("/", policy, 0, &result, &error), -EINVAL);
	cr_expect_eq(cgfence_standing_attach("a/../b*", policy, 0, &result, &error), -EINVAL);
	cr_expect_eq(cgfence_standing_attach("/*", policy, 0, &result, &error), -EPERM);
	cr_expect_eq(cgfence_standing_attach("/*/**", policy, 0, &result, &error), -EPERM);
	cr_expect(strstr(error.text, "--force"), "%s", error.text);
	cgfence_policy_free(policy);
}
