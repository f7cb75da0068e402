// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A container runtime is setting up its container where a fence is wanted. */
#include "support/setup.h"
#include "fence/change.h"
#include "policy/policy.h"
#include "runtime/setup.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <cgfence/apply.h>
#include <errno.h>
#include <unistd.h>

TestSuite(setup, .init = harness_begin, .fini = harness_end);

static int attach(const char *json, unsigned int flags)
{
	struct cgfence_policy *policy = harness_policy(json);
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(harness_cgroup(), policy, flags, &result, &error);

	cgfence_policy_free(policy);
	return code;
}

/* On a slow machine it takes long, too. */
static bool is_put_off(int code)
{
	return code == -EAGAIN || code == -ETIMEDOUT;
}

static uint32_t count_device_programs(void)
{
	uint32_t ids[8];
	uint32_t flags;
	uint32_t count = 8;

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(harness_cgroup()), BPF_CGROUP_DEVICE, 0,
				    &flags, ids, &count),
		     0);
	return count;
}

static void assert_no_fence(void)
{
	struct cgfence_fence *fence = NULL;
	char pins[64];

	cr_assert_eq(count_device_programs(), 0);
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(harness_cgroup()), &fence, NULL),
		     -ENOENT);
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	cr_assert_eq(access(pins, F_OK), -1);
}

Test(setup, a_fence_of_devices_is_put_off)
{
	struct setup_scene scene;

	setup_begin(&scene, harness_cgroup(), "runc", "create");
	cr_expect(is_put_off(attach("{'devices': {}}", 0)));
	assert_no_fence();
	/* The process of the container stays. */
	setup_leave(&scene);
	cr_expect_eq(attach("{'devices': {}}", 0), 0);
	cr_expect_eq(count_device_programs(), 1);
	setup_end(&scene);
}

Test(setup, what_disturbs_no_runtime_is_attached)
{
	struct setup_scene scene;

	setup_begin(&scene, harness_cgroup(), "crun", "run");
	cr_expect_eq(attach("{'ports': [80]}", 0), 0);
	/* A fence without devices gets them no more than a cgroup without a fence. */
	cr_expect(is_put_off(attach("{'devices': {}, 'ports': [80]}", 0)));
	cr_expect_eq(count_device_programs(), 0);
	cr_expect_eq(attach("{'devices': {}}", CGFENCE_ATTACH_IN_SETUP), 0);
	/* What the runtime meets is there already. */
	cr_expect_eq(attach("{'devices': {'defaults': true}}", 0), 0);
	setup_end(&scene);
}

Test(setup, other_commands_and_other_cgroups_do_not_count)
{
	struct cgfence_cgroup *below = harness_child_cgroup(harness_cgroup(), "below");
	struct setup_scene scene;
	struct setup found;

	setup_begin(&scene, below, "runc", "create");
	cr_expect(setup_find(cgfence_cgroup_fd(below), &found));
	cr_expect_eq(found.runtime, scene.runtime);
	cr_expect_eq(attach("{'devices': {}}", 0), 0);
	setup_end(&scene);
	setup_begin(&scene, below, "runc", "exec");
	cr_expect_not(setup_find(cgfence_cgroup_fd(below), &found));
	setup_end(&scene);
	setup_begin(&scene, below, "sh", "create");
	cr_expect_not(setup_find(cgfence_cgroup_fd(below), &found));
	setup_end(&scene);
}

/* The cgroup was empty when the attach began: a runtime had just made it. */
Test(setup, a_runtime_that_comes_meanwhile_finds_no_fence)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}, 'ports': [80]}");
	struct fence_change change = { .id = cgfence_cgroup_id(harness_cgroup()),
				       .cgroup = harness_cgroup(),
				       .policy = policy };
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;
	struct setup_scene scene;

	cr_assert_eq(fence_change_begin(&change, &error), 0, "%s", error.text);
	setup_begin(&scene, harness_cgroup(), "runc", "create");
	cr_expect(is_put_off(fence_change_make(&change, &result, &error)));
	fence_change_end(&change);
	assert_no_fence();
	setup_end(&scene);
	cgfence_policy_free(policy);
}

/* What a plan for one cgroup with a fence of devices does. */
static int act(const struct cgfence_cgroup *cgroup, unsigned int flags)
{
	struct cgfence_policy_set *policies = NULL;
	struct cgfence_apply_plan *plan = NULL;
	struct cgfence_error error = { 0 };
	char path[256];
	bool gone;
	FILE *file;
	int code;

	snprintf(path, sizeof(path), "%s/policy.json", harness_directory());
	file = fopen(path, "we");
	cr_assert(file);
	fprintf(file, "{\"cgroup\": \"%s\", \"devices\": {}}", cgfence_cgroup_path(cgroup));
	fclose(file);
	cr_assert_eq(cgfence_policy_set_read(path, 0, &policies, &error), 0, "%s", error.text);
	cr_assert_eq(cgfence_apply_plan_make(policies, flags, &plan, &error), 0, "%s", error.text);
	code = cgfence_apply_plan_act(plan, 0, &gone, &error);
	cgfence_apply_plan_free(plan);
	cgfence_policy_set_free(policies);
	return code;
}

/* A slow machine may take so long that the cgroup is not new any more. */
Test(setup, a_new_cgroup_that_is_empty_is_put_off_by_who_comes_back)
{
	struct cgfence_cgroup *used = harness_child_cgroup(harness_cgroup(), "used");
	struct setup_scene scene;
	int code = 0;

	setup_begin(&scene, used, "sh", "create");
	cr_expect_eq(act(used, CGFENCE_APPLY_PATIENT), 0);
	setup_end(&scene);
	for (int i = 0; i < 20 && code == 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "new-%d", i);
		code = act(harness_child_cgroup(harness_cgroup(), name), CGFENCE_APPLY_PATIENT);
	}
	cr_expect_eq(code, -EAGAIN);
	cr_expect_eq(act(harness_child_cgroup(harness_cgroup(), "plain"), 0), 0);
}
