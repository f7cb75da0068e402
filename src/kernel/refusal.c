// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/refusal.h"
#include "base/cleanup.h"
#include "kernel/trial.h"

#include <bpf/bpf.h>
#include <errno.h>

/* Internal to the kernel (include/linux/errno.h), but bpf(2) returns it. */
#define KERNEL_ENOTSUPP 524

#define READS_TRIAL "reads"

/* More than the programs of a fence have, for the memory of a program counts too. */
#define LONG_PROGRAM 4096

static int load(enum bpf_prog_type type, const struct bpf_insn *program, size_t count)
{
	cleanup_close int fd = bpf_prog_load(type, NULL, "GPL", program, count, NULL);

	return fd < 0 ? -errno : 0;
}

static bool takes_programs(void)
{
	cleanup_free struct bpf_insn *program = calloc(LONG_PROGRAM, sizeof(*program));

	if (!program)
		return false;
	for (size_t i = 0; i < LONG_PROGRAM - 1; i++)
		program[i] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K };
	program[LONG_PROGRAM - 1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return load(BPF_PROG_TYPE_SOCKET_FILTER, program, LONG_PROGRAM) == 0;
}

bool refusal_is(int result)
{
	switch (-result) {
	case EINVAL:
	case EACCES:
	case ENOTSUP:
	case KERNEL_ENOTSUPP:
	case ESRCH:
	case ENOENT:
		return true;
	case EPERM:
		return takes_programs();
	default:
		return false;
	}
}

void refusal_note(const char *trial, int result)
{
	if (refusal_is(result))
		trial_remember(trial, TRIAL_REFUSED);
}

/* Reads the memory that its context is in. */
static int load_reader(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_3,
		  .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load(BPF_PROG_TYPE_CGROUP_DEVICE, program, sizeof(program) / sizeof(program[0]));
}

bool refusal_of_reads_known(void)
{
	return trial_recall(READS_TRIAL) == TRIAL_REFUSED;
}

bool refusal_of_reads(void)
{
	enum trial answer = trial_recall(READS_TRIAL);
	int result;

	if (answer != TRIAL_UNKNOWN)
		return answer == TRIAL_REFUSED;
	result = load_reader();
	/* An answer that is kept until the next boot must be confirmed. */
	if (refusal_is(result))
		result = load_reader();
	if (result == 0)
		trial_remember(READS_TRIAL, TRIAL_TAKEN);
	else if (refusal_is(result))
		trial_remember(READS_TRIAL, TRIAL_REFUSED);
	return result != 0;
}
