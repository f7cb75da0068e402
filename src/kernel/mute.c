// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/mute.h"
#include "base/cleanup.h"
#include "cgroup/scratch.h"
#include "kernel/error.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"

#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIAL "mute"

/* As bpf/listen.bpf.c does it to what must not listen, to all that listens. */
static int load_program(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_sock_ops, op) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = BPF_SOCK_OPS_TCP_LISTEN_CB,
		  .off = 7 },
		{ .code = BPF_ST | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_10,
		  .off = -4,
		  .imm = CGFENCE_NO_INTERFACE },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = SOL_SOCKET },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_3,
		  .imm = SO_BINDTOIFINDEX },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_4,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_4, .imm = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_5, .imm = sizeof(int) },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_setsockopt },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCK_OPS, NULL, "GPL", program,
			     sizeof(program) / sizeof(program[0]), NULL);
}

/* What came of the trial. */
enum {
	NOT_TIED,
	TIED,
	COULD_NOT_LISTEN, /* a program of somebody else may refuse it, or ours beside its own */
};

/* Listens without a bind: the kernel chooses the port. */
static int listen_for_a_moment(void *context)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(int);
	int interface = 0;

	(void)context;
	if (fd < 0 || listen(fd, 0) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, &size) < 0)
		return COULD_NOT_LISTEN;
	return interface == CGFENCE_NO_INTERFACE ? TIED : NOT_TIED;
}

static int try_on(const struct cgfence_cgroup *cgroup)
{
	cleanup_close int program = load_program();
	cleanup_close int link = -1;

	if (program < 0)
		return refusal_is(-errno) ? NOT_TIED : -errno;
	link = bpf_link_create(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_SOCK_OPS, NULL);
	if (link < 0)
		return refusal_is(-errno) ? COULD_NOT_LISTEN : -errno;
	return scratch_run(cgroup, listen_for_a_moment, NULL);
}

int mute_try(bool *taken, struct cgfence_error *error)
{
	enum trial answer = trial_recall(TRIAL);
	struct cgfence_cgroup *cgroup = NULL;
	int result;

	*taken = answer == TRIAL_TAKEN;
	if (answer != TRIAL_UNKNOWN)
		return 0;
	result = scratch_open(&cgroup, error);
	if (result)
		return scratch_is_refused(result) ? 0 : result;
	result = NOT_TIED;
	/* A result that is kept until the next boot must be confirmed. */
	for (int i = 0; i < 2 && result >= 0 && result != TIED; i++)
		result = try_on(cgroup);
	scratch_close(cgroup);
	if (result < 0)
		return kernel_error(error, -result, "try whether the kernel mutes listeners");
	*taken = result == TIED;
	if (result != COULD_NOT_LISTEN)
		trial_remember(TRIAL, *taken ? TRIAL_TAKEN : TRIAL_REFUSED);
	return 0;
}
