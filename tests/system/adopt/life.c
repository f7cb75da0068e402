// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An adopted fence under the commands that others are for, and beside programs that come back. */
#include "support/harness.h"
#include "support/whitelist.h"

#include <bpf/bpf.h>
#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(adopt_life, .init = harness_begin, .fini = harness_end);

#define ADOPTING_POLICY \
	"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}"
#define WIDER_POLICY "{'adopt': true, 'devices': {'defaults': true}}"

static void assert_alone(const struct cgfence_cgroup *cgroup, uint32_t id)
{
	struct whitelist_programs programs = whitelist_query(cgroup);

	cr_assert_eq(programs.count, 1, "%u programs", programs.count);
	cr_assert_eq(programs.ids[0], id);
}

static void assert_ours_alone(const struct cgfence_cgroup *cgroup, uint32_t theirs)
{
	struct whitelist_programs programs = whitelist_query(cgroup);

	cr_assert_eq(programs.count, 1, "%u programs", programs.count);
	cr_assert_neq(programs.ids[0], theirs);
}

static size_t count_adopted(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_foreign_program *adopted = NULL;
	size_t count = 0;

	cr_assert_eq(cgfence_fence_list_adopted(cgfence_cgroup_id(cgroup), &adopted, &count, NULL),
		     0);
	free(adopted);
	return count;
}

Test(adopt_life, attach_does_it_if_the_policy_says_so)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct cgfence_policy *wider = harness_policy(WIDER_POLICY);
	enum cgfence_attach_result result;

	cr_assert_eq(cgfence_fence_attach(harness_cgroup(), wider, 0, &result, NULL), -EPERM);
	assert_alone(harness_cgroup(), whitelist.id);
	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	assert_ours_alone(harness_cgroup(), whitelist.id);
	/* The place is taken, so the policy is the operator's. */
	cr_assert_eq(cgfence_fence_attach(harness_cgroup(), wider, 0, &result, NULL), 0);
	cr_assert_eq(result, CGFENCE_REPLACED);
	assert_ours_alone(harness_cgroup(), whitelist.id);
	cr_assert_eq(count_adopted(harness_cgroup()), 1);
	cgfence_policy_free(wider);
	whitelist_close(&whitelist);
}

Test(adopt_life, a_policy_that_does_not_say_so_gives_back)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct whitelist_programs programs;

	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	harness_attach(harness_cgroup(), "{'ports': [80]}");
	assert_alone(harness_cgroup(), whitelist.id);
	cr_assert_eq(count_adopted(harness_cgroup()), 0);
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	programs = whitelist_query(harness_cgroup());
	cr_assert_eq(programs.count, 2);
	cr_assert_eq(programs.ids[0], whitelist.id);
	whitelist_close(&whitelist);
}

Test(adopt_life, detach_gives_back)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	bool detached = false;

	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached, NULL), 0);
	cr_assert(detached);
	assert_alone(harness_cgroup(), whitelist.id);
	whitelist_close(&whitelist);
}

/* As systemd and runtimes do: a new program with the rules of the old one. */
Test(adopt_life, one_that_has_come_back_is_taken_again)
{
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist second;
	struct cgfence_error error = { 0 };
	bool released = false;
	size_t count = 0;

	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	harness_attach(harness_cgroup(), WIDER_POLICY);
	cr_assert_eq(cgfence_fence_adopt(harness_cgroup(), NULL, &count, NULL), 0);
	cr_assert_eq(count, 0);
	second = whitelist_put(harness_cgroup());
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:7", O_RDONLY), EPERM);
	cr_assert_eq(cgfence_fence_adopt(harness_cgroup(), NULL, &count, &error), 0, "%s",
		     error.text);
	cr_assert_eq(count, 1);
	assert_ours_alone(harness_cgroup(), second.id);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:7", O_RDONLY), 0);
	cr_assert_eq(count_adopted(harness_cgroup()), 1);
	cr_assert_eq(cgfence_fence_release(harness_cgroup(), &released, &count, NULL), 0);
	assert_alone(harness_cgroup(), second.id);
	whitelist_close(&first);
	whitelist_close(&second);
}

Test(adopt_life, one_that_has_come_back_otherwise_stays)
{
	static const struct whitelist_entry other[] = { { BPF_DEVCG_DEV_CHAR, 1, 3,
							  BPF_DEVCG_ACC_READ } };
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist second = whitelist_load(other, 1);
	struct cgfence_error error = { 0 };
	size_t count = 0;

	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	whitelist_attach(&second, harness_cgroup(), BPF_F_ALLOW_MULTI);
	cr_assert_eq(cgfence_fence_adopt(harness_cgroup(), NULL, &count, &error), -EPERM);
	cr_expect_not_null(strstr(error.text, "differs from what was adopted"), "%s", error.text);
	cr_assert_eq(whitelist_query(harness_cgroup()).count, 2);
	cr_assert_eq(count_adopted(harness_cgroup()), 1);
	whitelist_close(&first);
	whitelist_close(&second);
}

Test(adopt_life, a_cgroup_that_goes_takes_all_with_it)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "short");
	struct whitelist whitelist = whitelist_put(cgroup);
	uint64_t id = cgfence_cgroup_id(cgroup);
	char path[64];

	harness_attach(cgroup, ADOPTING_POLICY);
	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu", (unsigned long long)id);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(cgfence_cgroup_remove(cgroup, NULL), 0);
	cgfence_fence_sweep();
	cr_assert_eq(access(path, F_OK), -1);
	whitelist_close(&whitelist);
}

/* Somebody detached the link of the fence by hand: what it took the place of is the next best. */
Test(adopt_life, without_its_fence_it_is_given_back)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct cgfence_fence *fence = NULL;
	char path[96];
	int link;

	harness_attach(harness_cgroup(), ADOPTING_POLICY);
	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu/device",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	link = bpf_obj_get(path);
	cr_assert_geq(link, 0);
	cr_assert_eq(bpf_link_detach(link), 0);
	close(link);
	cr_assert_eq(whitelist_query(harness_cgroup()).count, 0);
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(harness_cgroup()), &fence, NULL),
		     -ENOENT);
	assert_alone(harness_cgroup(), whitelist.id);
	whitelist_close(&whitelist);
}
