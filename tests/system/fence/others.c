// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that others attached: never touched, and named where they are in the way. */
#include "support/harness.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(others, .init = harness_begin, .fini = harness_end);

/* A device program of two instructions: return @verdict. */
static int load_foreign(int verdict)
{
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "foreign", "GPL", program, 2, NULL);

	cr_assert_geq(fd, 0, "bpf_prog_load: %s", strerror(errno));
	return fd;
}

static void attach_foreign(const struct cgfence_cgroup *cgroup, int program, unsigned int flags)
{
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE, flags),
		     0, "%s", strerror(errno));
}

static int try_attach(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(cgroup, policy, 0, &result, error);

	cgfence_policy_free(policy);
	return code;
}

Test(others, a_program_that_shares_the_cgroup_has_its_say_and_stays_after_detach)
{
	struct cgfence_foreign_program *programs = NULL;
	int foreign = load_foreign(1);
	bool detached = false;
	size_t count = 0;

	attach_foreign(harness_cgroup(), foreign, BPF_F_ALLOW_MULTI);
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 2);
	cr_expect_eq(cgfence_fence_list_foreign(harness_cgroup(), CGFENCE_TOPIC_DEVICES, &programs,
						&count, NULL),
		     0);
	cr_assert_eq(count, 1);
	cr_expect_str_eq(programs[0].name, "foreign");
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached, NULL), 0);
	cr_expect(detached);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	cr_expect_eq(bpf_prog_detach2(foreign, cgfence_cgroup_fd(harness_cgroup()),
				      BPF_CGROUP_DEVICE),
		     0, "it was there to be detached by its owner");
	free(programs);
	close(foreign);
}

Test(others, a_program_that_refuses_is_not_overruled)
{
	int foreign = load_foreign(0);

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	attach_foreign(harness_cgroup(), foreign, BPF_F_ALLOW_MULTI);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	close(foreign);
}

Test(others, a_full_cgroup_is_said_to_be_full)
{
	struct cgfence_error error = { 0 };

	for (int i = 0; i < 64; i++) {
		int foreign = load_foreign(1);

		attach_foreign(harness_cgroup(), foreign, BPF_F_ALLOW_MULTI);
		close(foreign);
	}
	cr_expect_eq(try_attach(harness_cgroup(), &error), -E2BIG);
	cr_expect_neq(strstr(error.text, "64 programs"), NULL, "%s", error.text);
	cr_expect_neq(strstr(error.text, "'foreign'"), NULL, "%s", error.text);
}
