// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/deny.h"
#include "base/cleanup.h"
#include "cgroup/scratch.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"

#include <bpf/bpf.h>
#include <unistd.h>

/* It refuses nothing. */
static int load_program(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_LSM_CGROUP,
		    .attach_btf_id = kernel_btf_find_target("bpf_lsm_socket_listen"));

	return bpf_prog_load(BPF_PROG_TYPE_LSM, NULL, "GPL", program,
			     sizeof(program) / sizeof(program[0]), &options);
}

static int try_on(const struct cgfence_cgroup *cgroup)
{
	cleanup_close int program = load_program();
	cleanup_close int link = -1;

	if (program < 0)
		return -errno;
	link = bpf_link_create(program, cgfence_cgroup_fd(cgroup), BPF_LSM_CGROUP, NULL);
	/* A program of somebody else above may leave no room for ours, which says nothing of the kernel. */
	return link < 0 && errno != EPERM ? -errno : 0;
}

int deny_try(bool *taken, struct cgfence_error *error)
{
	enum trial answer = trial_recall(TRIAL_LSM);
	struct cgfence_cgroup *cgroup = NULL;
	int result;

	*taken = answer != TRIAL_REFUSED;
	if (answer != TRIAL_UNKNOWN)
		return 0;
	result = scratch_open(&cgroup, error);
	if (result)
		return scratch_is_refused(result) ? 0 : result;
	result = try_on(cgroup);
	/* A result that is kept until the next boot must be confirmed. */
	if (result)
		result = try_on(cgroup);
	scratch_close(cgroup);
	if (result && !refusal_is(result))
		return kernel_error(error, -result,
				    "try whether the kernel lets programs refuse listeners");
	*taken = result == 0;
	trial_remember(TRIAL_LSM, *taken ? TRIAL_TAKEN : TRIAL_REFUSED);
	return 0;
}
