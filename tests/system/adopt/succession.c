// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Of several programs whose place a fence has taken, one comes back with other rules, as systemd's does that was told of an
 * edit. The names are those of systemd and of runtimes, which give none.
 */
#include "support/harness.h"
#include "support/whitelist.h"

#include <cgfence/adopt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

TestSuite(adopt_succession, .init = harness_begin, .fini = harness_end);

#define USUAL_COUNT (sizeof(whitelist_usual) / sizeof(whitelist_usual[0]))

static const struct whitelist_entry full = { BPF_DEVCG_DEV_CHAR, 1, 7, 6 };
/* crun has systemd allow all of a major in the place of its minor 0. */
static const struct whitelist_entry consoles = { BPF_DEVCG_DEV_CHAR, 5, -1, 6 };
static const struct whitelist_entry none = { BPF_DEVCG_DEV_CHAR, 0, 0, 0 };

/* The usual list and two entries more, by systemd or, if @name is NULL, by a runtime. */
static struct whitelist put(const struct cgfence_cgroup *cgroup, const char *name,
			    struct whitelist_entry one, struct whitelist_entry other)
{
	struct whitelist_entry entries[USUAL_COUNT + 2];
	struct whitelist whitelist;

	memcpy(entries, whitelist_usual, sizeof(whitelist_usual));
	entries[USUAL_COUNT] = one;
	entries[USUAL_COUNT + 1] = other;
	whitelist = whitelist_load_named(name, entries, USUAL_COUNT + 2);
	whitelist_attach(&whitelist, cgroup, BPF_F_ALLOW_MULTI);
	return whitelist;
}

#define SYSTEMD "sd_devices"

static void adopt(const struct cgfence_cgroup *cgroup, size_t expected)
{
	struct cgfence_policy *policy = harness_policy(WHITELIST_USUAL_POLICY);
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_assert_eq(cgfence_fence_adopt(cgroup, policy, &taken, &error), 0, "%s", error.text);
	cr_assert_eq(taken, expected, "%zu", taken);
	cgfence_policy_free(policy);
}

static int adopt_again(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	size_t taken = 0;
	int result = cgfence_fence_adopt(cgroup, NULL, &taken, error);

	if (result == 0)
		cr_assert_eq(taken, 1, "%zu", taken);
	return result;
}

static void edit(const struct cgfence_cgroup *cgroup, enum cgfence_edit_action action,
		 const char *entry)
{
	struct cgfence_edit *edit = NULL;
	bool changed = false;

	cr_assert_eq(cgfence_edit_parse_device(action, entry, &edit, NULL), 0);
	cr_assert_eq(cgfence_fence_edit(cgroup, edit, &changed, NULL), 0);
	cr_assert(changed);
	cgfence_edit_free(edit);
}

static void release(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool released = false;
	size_t count = 0;

	cr_assert_eq(cgfence_fence_release(cgroup, &released, &count, &error), 0, "%s", error.text);
	cr_assert(released);
}

static void assert_programs(const struct cgfence_cgroup *cgroup, const struct whitelist *first,
			    const struct whitelist *second)
{
	struct whitelist_programs programs = whitelist_query(cgroup);
	uint32_t count = second ? 2 : 1;

	cr_assert_eq(programs.count, count, "%u programs", programs.count);
	cr_expect_eq(programs.ids[0], first->id);
	if (second)
		cr_expect_eq(programs.ids[1], second->id);
}

/* That of systemd is wider, so that the policy agrees with the two only if both are asked. */
Test(adopt_succession, what_crun_keeps_below_counts_still)
{
	struct cgfence_cgroup *scope = harness_cgroup();
	struct cgfence_cgroup *container = harness_child_cgroup(scope, "container");
	struct whitelist first = put(scope, SYSTEMD, consoles, none);
	struct whitelist below = put(container, NULL, none, none);
	struct cgfence_error error = { 0 };
	struct whitelist second;

	adopt(scope, 2);
	edit(scope, CGFENCE_ALLOW, "c 1:7 rw");
	second = put(scope, SYSTEMD, consoles, full);
	cr_assert_eq(adopt_again(scope, &error), 0, "%s", error.text);
	cr_expect_eq(harness_open(container, "c 1:7", O_RDONLY), 0);
	cr_expect_eq(harness_open(container, "c 5:1", O_RDONLY), EPERM);
	release(scope);
	assert_programs(scope, &second, NULL);
	assert_programs(container, &below, NULL);
	cr_expect_eq(harness_open(container, "c 1:7", O_RDONLY), EPERM);
	whitelist_close(&first);
	whitelist_close(&second);
	whitelist_close(&below);
}

/* runc takes systemd's program for its own and replaces it; that of systemd comes with the next change of the unit. */
Test(adopt_succession, what_comes_beside_that_of_runc_replaces_nothing)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist runc = put(cgroup, NULL, none, none);
	struct cgfence_error error = { 0 };
	struct whitelist first;
	struct whitelist second;

	adopt(cgroup, 1);
	edit(cgroup, CGFENCE_ALLOW, "c 1:7 rw");
	first = put(cgroup, SYSTEMD, full, none);
	cr_assert_eq(adopt_again(cgroup, &error), 0, "%s", error.text);
	edit(cgroup, CGFENCE_REVOKE, "c 1:7 rw");
	second = put(cgroup, SYSTEMD, consoles, none);
	cr_assert_eq(adopt_again(cgroup, &error), 0, "%s", error.text);
	release(cgroup);
	assert_programs(cgroup, &runc, &second);
	whitelist_close(&runc);
	whitelist_close(&first);
	whitelist_close(&second);
}

/* What was refused before, and is allowed by those that are kept now, must be what the policy allows too. */
Test(adopt_succession, one_that_allows_more_than_the_policy_stays)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist first = put(cgroup, SYSTEMD, none, none);
	struct cgfence_error error = { 0 };
	struct whitelist second;

	adopt(cgroup, 1);
	second = put(cgroup, SYSTEMD, full, none);
	cr_assert_eq(adopt_again(cgroup, &error), -EPERM);
	cr_expect_not_null(strstr(error.text, "refuses c 1:7 r, which the programs now allow"),
			   "%s", error.text);
	cr_expect_eq(whitelist_query(cgroup).count, 2);
	whitelist_close(&first);
	whitelist_close(&second);
}

/* systemd knows of the last one that it has attached alone, and would never take the one before it away. */
Test(adopt_succession, what_its_owner_has_replaced_is_not_put_back)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist first = put(cgroup, SYSTEMD, consoles, none);
	struct whitelist runc = put(cgroup, NULL, none, none);
	struct whitelist second;

	adopt(cgroup, 2);
	second = put(cgroup, SYSTEMD, full, none);
	release(cgroup);
	assert_programs(cgroup, &second, &runc);
	whitelist_close(&first);
	whitelist_close(&second);
	whitelist_close(&runc);
}

/* One without a name may be of anybody, so the one before it is put back as well. */
Test(adopt_succession, without_a_name_all_are_put_back)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist first = put(cgroup, NULL, none, none);
	struct whitelist second;

	adopt(cgroup, 1);
	second = put(cgroup, NULL, full, none);
	release(cgroup);
	assert_programs(cgroup, &second, &first);
	whitelist_close(&first);
	whitelist_close(&second);
}

#define TOOL "audit_tool"

/* An edit allows what the rules of a unit refuse. What somebody else attaches then, who refuses the same, is not overruled. */
static void expect_left(struct whitelist_entry extra)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist first = put(cgroup, SYSTEMD, none, none);
	struct cgfence_error error = { 0 };
	struct whitelist tool;

	adopt(cgroup, 1);
	edit(cgroup, CGFENCE_ALLOW, "c 1:7 rw");
	cr_assert_eq(harness_open(cgroup, "c 1:7", O_RDONLY), 0);
	tool = put(cgroup, TOOL, extra, none);
	cr_assert_eq(adopt_again(cgroup, &error), -EPERM);
	cr_expect_not_null(strstr(error.text, "'" TOOL "' refuses c 1:7 r, which the fence allows"),
			   "%s", error.text);
	cr_expect_eq(harness_open(cgroup, "c 1:7", O_RDONLY), EPERM);
	cr_expect_eq(whitelist_query(cgroup).count, 2);
	whitelist_close(&first);
	whitelist_close(&tool);
}

Test(adopt_succession, what_somebody_else_refuses_stays)
{
	expect_left(consoles);
}

Test(adopt_succession, the_same_instructions_of_somebody_else_stay)
{
	expect_left(none);
}

/* A cgroup takes 64 programs of a type, and what is kept must be attached beside the fence before that goes. */
Test(adopt_succession, no_more_are_taken_than_can_be_given_back)
{
	struct whitelist first = put(harness_cgroup(), SYSTEMD, none, none);
	struct cgfence_error error = { 0 };
	struct whitelist others[63];
	char name[16];

	adopt(harness_cgroup(), 1);
	for (int i = 0; i < 63; i++) {
		snprintf(name, sizeof(name), "other_%d", i);
		others[i] = put(harness_cgroup(), name, none, none);
	}
	cr_assert_eq(adopt_again(harness_cgroup(), &error), -EPERM);
	cr_assert(strstr(error.text, "it would have 64 programs to give back"), "%s", error.text);
	cr_assert_eq(whitelist_take(&others[0]), 0);
	release(harness_cgroup());
	cr_assert_eq(whitelist_query(harness_cgroup()).count, 63);
	for (int i = 0; i < 63; i++)
		whitelist_close(&others[i]);
	whitelist_close(&first);
}
