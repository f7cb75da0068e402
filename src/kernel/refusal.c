// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/refusal.h"
#include "base/cleanup.h"
#include "kernel/trial.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

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

/* Of a type for which the caller needs all rights that any program does, or, without such types, of the next best one. */
static bool takes_programs(void)
{
	int result;
	cleanup_free struct bpf_insn *program = calloc(LONG_PROGRAM, sizeof(*program));

	if (!program)
		return false;
	for (size_t i = 0; i < LONG_PROGRAM - 1; i++)
		program[i] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K };
	program[LONG_PROGRAM - 1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	result = load(BPF_PROG_TYPE_RAW_TRACEPOINT, program, LONG_PROGRAM);
	if (result == -EINVAL)
		result = load(BPF_PROG_TYPE_CGROUP_DEVICE, program, LONG_PROGRAM);
	return result == 0;
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

/* The one of the levels that is in force stands in brackets; the file is there if securityfs is mounted. */
static bool is_locked_down(void)
{
	cleanup_close int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	char levels[128] = "";

	return fd >= 0 && read(fd, levels, sizeof(levels) - 1) > 0 &&
	       strstr(levels, "[confidentiality]");
}

const char *refusal_reason(void)
{
	const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	if (load(BPF_PROG_TYPE_CGROUP_DEVICE, allow, sizeof(allow) / sizeof(allow[0])) == -EINVAL)
		return "this kernel has no CONFIG_CGROUP_BPF";
	return is_locked_down() ? "this kernel is locked down for confidentiality" : NULL;
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
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_1 },
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

enum trial refusal_try_reads(void)
{
	enum trial answer = trial_recall(READS_TRIAL);
	int result;

	if (answer != TRIAL_UNKNOWN)
		return answer;
	result = load_reader();
	/* An answer that is kept until the next boot must be confirmed. */
	if (refusal_is(result))
		result = load_reader();
	if (result == 0)
		answer = TRIAL_TAKEN;
	else if (refusal_is(result) && takes_programs())
		answer = TRIAL_REFUSED;
	if (answer != TRIAL_UNKNOWN)
		trial_remember(READS_TRIAL, answer);
	return answer;
}

bool refusal_of_reads(void)
{
	return refusal_try_reads() != TRIAL_TAKEN;
}
