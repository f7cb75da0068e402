// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A container runtime is setting up its container where a fence is wanted. */
#include "support/setup.h"
#include "fence/change.h"
#include "fence/setup.h"
#include "policy/policy.h"
#include "runtime/process.h"
#include "support/children.h"
#include "support/harness.h"
#include "support/namespaces.h"
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <cgfence/apply.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
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
	cr_expect(fence_setup_find(below, &found));
	cr_expect_eq(found.runtime, scene.runtime);
	cr_expect_eq(attach("{'devices': {}}", 0), 0);
	setup_end(&scene);
	setup_begin(&scene, below, "runc", "exec");
	cr_expect_not(fence_setup_find(below, &found));
	setup_end(&scene);
	setup_begin(&scene, below, "sh", "create");
	cr_expect_not(fence_setup_find(below, &found));
	setup_end(&scene);
}

static void move(pid_t process, const struct cgfence_cgroup *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_geq(dprintf(fd, "%d", process), 0);
	close(fd);
}

/* Root of a container that runs would keep a fence away for as long as it wants. */
Test(setup, what_poses_as_a_runtime_inside_of_the_cgroup_does_not_count)
{
	struct cgfence_cgroup *fenced = harness_child_cgroup(harness_cgroup(), "fenced");
	struct cgfence_cgroup *beside = harness_child_cgroup(harness_cgroup(), "fenced-not");
	struct cgfence_cgroup *below = harness_child_cgroup(fenced, "below");
	struct cgfence_cgroup *deeper = harness_child_cgroup(below, "deeper");
	const struct {
		const struct cgfence_cgroup *of_runtime;
		bool counts;
	} cases[] = {
		{ harness_cgroup(), true }, { beside, true },  { fenced, false },
		{ below, false },	    { deeper, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct setup_scene scene;
		struct setup found;

		setup_begin(&scene, fenced, "runc", "create");
		move(scene.runtime, cases[i].of_runtime);
		cr_expect_eq(fence_setup_find(fenced, &found), cases[i].counts, "case %zu", i);
		setup_end(&scene);
	}
}

static int become_root_of_a_namespace(void *ready)
{
	int fd;

	if (unshare(CLONE_NEWUSER) < 0)
		return 1;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0 0 1", 5) != 5)
		return 2;
	*(bool *)ready = true;
	for (;;)
		pause();
}

/* The user 0 of another user namespace may be that of the host, but has no power over it. */
Test(setup, root_of_another_user_namespace_is_not_root)
{
	volatile bool *ready = harness_share(sizeof(bool));
	struct process process;
	pid_t child;

	if (!namespaces_has_users())
		sockets_skip("in a chroot no user namespace can be made");
	cr_assert(process_read(getpid(), &process));
	process_read_more(&process);
	cr_expect(process.is_root);
	child = harness_fork();
	if (child == 0)
		_exit(become_root_of_a_namespace((void *)ready));
	for (int i = 0; i < 10000 && !*ready; i++)
		usleep(1000);
	cr_assert(*ready);
	cr_assert(process_read(child, &process));
	process_read_more(&process);
	cr_expect_not(process.is_root);
	children_end(child);
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
