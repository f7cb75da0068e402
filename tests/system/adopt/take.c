// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A fence takes the place of device programs of others, and gives it back. */
#include "support/harness.h"
#include "support/whitelist.h"

#include <bpf/bpf.h>
#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(adopt_take, .init = harness_begin, .fini = harness_end);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static int adopt(const struct cgfence_cgroup *cgroup, const char *json, size_t *taken,
		 struct cgfence_error *error)
{
	struct cgfence_policy *policy = harness_policy(json);
	int result = cgfence_fence_adopt(cgroup, policy, taken, error);

	cgfence_policy_free(policy);
	return result;
}

static void assert_adopted(const struct cgfence_cgroup *cgroup, size_t expected)
{
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_assert_eq(adopt(cgroup, WHITELIST_USUAL_POLICY, &taken, &error), 0, "%s", error.text);
	cr_assert_eq(taken, expected, "%zu", taken);
}

static void assert_released(const struct cgfence_cgroup *cgroup, size_t expected)
{
	struct cgfence_error error = { 0 };
	bool released = false;
	size_t count = 0;

	cr_assert_eq(cgfence_fence_release(cgroup, &released, &count, &error), 0, "%s", error.text);
	cr_assert(released);
	cr_assert_eq(count, expected, "%zu", count);
}

static void assert_unchanged(const struct whitelist *whitelist)
{
	struct whitelist_programs programs = whitelist_query(whitelist->cgroup);
	uint64_t *ids = NULL;
	size_t count = 0;

	cr_assert_eq(programs.count, 1, "%u programs", programs.count);
	cr_assert_eq(programs.ids[0], whitelist->id);
	cr_assert_eq(cgfence_fence_list(&ids, &count, NULL), 0);
	cr_assert_eq(count, 0);
	free(ids);
}

Test(adopt_take, ours_is_alone_and_then_theirs_is_alone)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist whitelist = whitelist_put(cgroup);
	struct whitelist_programs programs;

	/* The pins keep it, whether its owner still has it or not. */
	whitelist_close(&whitelist);
	assert_adopted(cgroup, 1);
	programs = whitelist_query(cgroup);
	cr_expect_eq(programs.count, 1);
	cr_expect_neq(programs.ids[0], whitelist.id);
	cr_expect_eq(harness_open(cgroup, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(cgroup, "c 1:7", O_RDONLY), EPERM);
	assert_released(cgroup, 1);
	assert_unchanged(&whitelist);
	cr_expect_eq(programs.flags, BPF_F_ALLOW_MULTI);
}

Test(adopt_take, what_is_allowed_then_works_while_it_runs)
{
	struct cgfence_cgroup *cgroup = harness_cgroup();
	struct whitelist whitelist = whitelist_put(cgroup);
	struct cgfence_edit *edit = NULL;
	bool changed = false;

	assert_adopted(cgroup, 1);
	cr_assert_eq(harness_open(cgroup, "c 1:7", O_RDONLY), EPERM);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:7 rw", &edit, NULL), 0);
	cr_assert_eq(cgfence_fence_edit(cgroup, edit, &changed, NULL), 0);
	cgfence_edit_free(edit);
	cr_assert_eq(harness_open(cgroup, "c 1:7", O_RDONLY), 0);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_REVOKE, "c 1:7 rw", &edit, NULL), 0);
	cr_assert_eq(cgfence_fence_edit(cgroup, edit, &changed, NULL), 0);
	cgfence_edit_free(edit);
	cr_assert_eq(harness_open(cgroup, "c 1:7", O_RDONLY), EPERM);
	cr_assert_eq(whitelist_query(cgroup).count, 1);
	assert_released(cgroup, 1);
	assert_unchanged(&whitelist);
	whitelist_close(&whitelist);
}

/* crun has its own below that of systemd. */
Test(adopt_take, both_levels_of_crun_in_their_order)
{
	static const struct whitelist_entry all[] = { { BPF_DEVCG_DEV_CHAR, -1, -1, 7 },
						      { BPF_DEVCG_DEV_BLOCK, -1, -1, 7 } };
	struct cgfence_cgroup *scope = harness_cgroup();
	struct cgfence_cgroup *container = harness_child_cgroup(scope, "container");
	struct whitelist wide = whitelist_load(all, ARRAY_SIZE(all));
	struct whitelist wider = whitelist_load(all, ARRAY_SIZE(all));
	struct whitelist narrow;
	struct cgfence_foreign_program *adopted = NULL;
	struct whitelist_programs programs;
	size_t count = 0;

	whitelist_attach(&wide, scope, BPF_F_ALLOW_MULTI);
	whitelist_attach(&wider, scope, BPF_F_ALLOW_MULTI);
	narrow = whitelist_put(container);
	assert_adopted(scope, 3);
	cr_assert_eq(whitelist_query(scope).count, 1);
	cr_assert_eq(whitelist_query(container).count, 0);
	cr_assert_eq(cgfence_fence_list_adopted(cgfence_cgroup_id(scope), &adopted, &count, NULL),
		     0);
	cr_assert_eq(count, 3);
	cr_expect_str_eq(adopted[0].cgroup, cgfence_cgroup_path(scope));
	cr_expect_eq(adopted[0].id, wide.id);
	cr_expect_eq(adopted[1].id, wider.id);
	cr_expect_str_eq(adopted[2].cgroup, cgfence_cgroup_path(container));
	cr_expect_eq(adopted[2].id, narrow.id);
	cr_expect_eq(adopted[2].attach_flags, BPF_F_ALLOW_MULTI);
	free(adopted);
	assert_released(scope, 3);
	programs = whitelist_query(scope);
	cr_assert_eq(programs.count, 2);
	cr_assert_eq(programs.ids[0], wide.id);
	cr_assert_eq(programs.ids[1], wider.id);
	programs = whitelist_query(container);
	cr_assert_eq(programs.count, 1);
	cr_assert_eq(programs.ids[0], narrow.id);
	whitelist_close(&wide);
	whitelist_close(&wider);
	whitelist_close(&narrow);
}

/* Each is one bit more or less than what the policy says. */
Test(adopt_take, a_difference_of_one_bit_is_found)
{
	static const struct {
		struct whitelist_entry more;
		const char *policy;
		const char *difference;
	} cases[] = {
		{ { BPF_DEVCG_DEV_CHAR, 1, 5, BPF_DEVCG_ACC_WRITE },
		  WHITELIST_USUAL_POLICY,
		  "c 1:5 w" },
		{ { BPF_DEVCG_DEV_CHAR, 1234, 567890, BPF_DEVCG_ACC_READ },
		  WHITELIST_USUAL_POLICY,
		  "c 1234:567890 r" },
		{ { BPF_DEVCG_DEV_BLOCK, 2345, -1, BPF_DEVCG_ACC_READ },
		  WHITELIST_USUAL_POLICY,
		  "b 2345:" },
		{ { BPF_DEVCG_DEV_CHAR, 137, -1, BPF_DEVCG_ACC_WRITE },
		  WHITELIST_USUAL_POLICY,
		  "c 137:" },
		{ { BPF_DEVCG_DEV_CHAR, 1, 3, BPF_DEVCG_ACC_READ },
		  "{'devices': {'allow': ['a *:* m', 'c 1:3 rwm', 'c 1:5 r', 'c 136:* rw', 'b 4000:65 w']}}",
		  "b 4000:65 w" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct whitelist_entry entries[ARRAY_SIZE(whitelist_usual) + 1];
		struct cgfence_error error = { 0 };
		struct whitelist whitelist;
		size_t taken = 77;

		memcpy(entries, whitelist_usual, sizeof(whitelist_usual));
		entries[ARRAY_SIZE(whitelist_usual)] = cases[i].more;
		whitelist = whitelist_load(entries, ARRAY_SIZE(entries));
		whitelist_attach(&whitelist, harness_cgroup(), BPF_F_ALLOW_MULTI);
		cr_expect_eq(adopt(harness_cgroup(), cases[i].policy, &taken, &error), -EPERM,
			     "%zu", i);
		cr_expect_not_null(strstr(error.text, cases[i].difference), "%zu: %s", i,
				   error.text);
		cr_expect_eq(taken, 77);
		assert_unchanged(&whitelist);
		cr_assert_eq(whitelist_take(&whitelist), 0);
		whitelist_close(&whitelist);
	}
}

static void assert_refused(const struct whitelist *whitelist, const char *reason)
{
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_expect_eq(adopt(harness_cgroup(), WHITELIST_USUAL_POLICY, &taken, &error), -EPERM);
	cr_expect_not_null(strstr(error.text, reason), "%s", error.text);
	assert_unchanged(whitelist);
}

Test(adopt_take, one_that_excludes_others_is_left)
{
	static const unsigned int flags[] = { 0, BPF_F_ALLOW_OVERRIDE };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct whitelist whitelist =
			whitelist_load(whitelist_usual, ARRAY_SIZE(whitelist_usual));

		whitelist_attach(&whitelist, harness_cgroup(), flags[i]);
		assert_refused(&whitelist, "without BPF_F_ALLOW_MULTI");
		cr_assert_eq(whitelist_take(&whitelist), 0);
		whitelist_close(&whitelist);
	}
}

Test(adopt_take, one_that_a_link_holds_is_left)
{
	struct whitelist whitelist = whitelist_load(whitelist_usual, ARRAY_SIZE(whitelist_usual));
	int link = bpf_link_create(whitelist.program, cgfence_cgroup_fd(harness_cgroup()),
				   BPF_CGROUP_DEVICE, NULL);

	cr_assert_geq(link, 0);
	whitelist.cgroup = harness_cgroup();
	assert_refused(&whitelist, "held by a link");
	close(link);
	whitelist_close(&whitelist);
}

/* Both judge, so what passes there is less than what the programs allow. */
Test(adopt_take, a_cgroup_that_has_a_fence_is_left)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	cr_expect_eq(adopt(harness_cgroup(), WHITELIST_USUAL_POLICY, &taken, &error), -EEXIST);
	cr_expect_not_null(strstr(error.text, "detach that fence first"), "%s", error.text);
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 2);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
	whitelist_close(&whitelist);
}

Test(adopt_take, without_a_program_there_is_nothing_to_take)
{
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_expect_eq(adopt(harness_cgroup(), WHITELIST_USUAL_POLICY, &taken, &error), -ENOENT);
	cr_expect_not_null(strstr(error.text, "no device program of others"), "%s", error.text);
}

Test(adopt_take, a_policy_that_lets_everything_pass_cannot_take_a_place)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_expect_eq(adopt(harness_cgroup(), "{'ports': [80]}", &taken, &error), -EINVAL);
	cr_expect_eq(adopt(harness_cgroup(), "{'enforce': false, 'devices': {}}", &taken, &error),
		     -EINVAL);
	assert_unchanged(&whitelist);
	whitelist_close(&whitelist);
}
