// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/whitelist_program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIRST_INSTRUCTIONS 6
#define ENTRY_INSTRUCTIONS 8
#define LAST_INSTRUCTIONS 2

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* What the registers hold. */
enum { MATCH = BPF_REG_1, TYPE, ACCESS, MAJOR, MINOR };

struct code {
	struct bpf_insn *instructions;
	size_t count;
};

static void add(struct code *code, struct bpf_insn instruction)
{
	code->instructions[code->count++] = instruction;
}

static void add_load(struct code *code, uint8_t to, size_t offset)
{
	add(code, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				     .dst_reg = to,
				     .src_reg = BPF_REG_1,
				     .off = (int16_t)offset });
}

static void add_number(struct code *code, uint8_t operation, uint8_t reg, int number, int skipped)
{
	add(code, (struct bpf_insn){ .code = operation | BPF_K,
				     .dst_reg = reg,
				     .off = (int16_t)skipped,
				     .imm = number });
}

static void add_return(struct code *code, int value)
{
	add_number(code, BPF_ALU64 | BPF_MOV, BPF_REG_0, value, 0);
	add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Each test skips what is left of the entry, if it fails. */
static void add_entry(struct code *code, const struct whitelist_entry *entry)
{
	bool has_access = entry->access != ACCESS_ALL;
	bool has_major = entry->major >= 0;
	bool has_minor = entry->minor >= 0;

	add_number(code, BPF_JMP | BPF_JNE, TYPE, (int)entry->type,
		   3 * has_access + has_major + has_minor + 2);
	if (has_access) {
		add(code, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
					     .dst_reg = MATCH,
					     .src_reg = ACCESS });
		add_number(code, BPF_ALU | BPF_AND, MATCH, (int)entry->access, 0);
		add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_X,
					     .dst_reg = MATCH,
					     .src_reg = ACCESS,
					     .off = (int16_t)(has_major + has_minor + 2) });
	}
	if (has_major)
		add_number(code, BPF_JMP | BPF_JNE, MAJOR, entry->major, has_minor + 2);
	if (has_minor)
		add_number(code, BPF_JMP | BPF_JNE, MINOR, entry->minor, 2);
	add_return(code, 1);
}

int whitelist_program(const char *name, const struct whitelist_entry *entries, size_t count)
{
	struct code code = { calloc(FIRST_INSTRUCTIONS + ENTRY_INSTRUCTIONS * count +
					    LAST_INSTRUCTIONS,
				    sizeof(struct bpf_insn)),
			     0 };
	int program;

	if (!code.instructions)
		return -ENOMEM;
	add_load(&code, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add_number(&code, BPF_ALU | BPF_AND, TYPE, 0xffff, 0);
	add_load(&code, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add_number(&code, BPF_ALU | BPF_RSH, ACCESS, 16, 0);
	add_load(&code, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(&code, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < count; i++)
		add_entry(&code, &entries[i]);
	add_return(&code, 0);
	program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, name, "GPL", code.instructions,
				code.count, NULL);
	free(code.instructions);
	return program < 0 ? -errno : program;
}
