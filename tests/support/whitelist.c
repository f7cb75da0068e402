// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "whitelist.h"
#include "harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define INSTRUCTIONS_MAX 512
#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

const struct whitelist_entry whitelist_usual[5] = {
	{ BPF_DEVCG_DEV_CHAR, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_BLOCK, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_CHAR, 1, 3, RW },
	{ BPF_DEVCG_DEV_CHAR, 1, 5, BPF_DEVCG_ACC_READ },
	{ BPF_DEVCG_DEV_CHAR, 136, -1, RW },
};

struct program {
	struct bpf_insn instructions[INSTRUCTIONS_MAX];
	size_t count;
};

static void add(struct program *program, struct bpf_insn instruction)
{
	cr_assert_lt(program->count, INSTRUCTIONS_MAX);
	program->instructions[program->count++] = instruction;
}

static void add_load(struct program *program, uint8_t to, int16_t offset)
{
	add(program, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
					.dst_reg = to,
					.src_reg = BPF_REG_1,
					.off = offset });
}

/* Skips the next @skipped instructions unless the register has the number. */
static void add_test(struct program *program, uint8_t of, int number, int16_t skipped)
{
	add(program, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K,
					.dst_reg = of,
					.imm = number,
					.off = skipped });
}

static void add_return(struct program *program, int value)
{
	add(program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
					.dst_reg = BPF_REG_0,
					.imm = value });
	add(program, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* The registers: 2 the type, 3 the access, 4 the major, 5 the minor. */
static void add_entry(struct program *program, const struct whitelist_entry *entry)
{
	int16_t left = (int16_t)(5 + (entry->major >= 0) + (entry->minor >= 0));

	add_test(program, BPF_REG_2, (int)entry->type, left--);
	if (entry->major >= 0)
		add_test(program, BPF_REG_4, entry->major, left--);
	if (entry->minor >= 0)
		add_test(program, BPF_REG_5, entry->minor, left--);
	add(program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					.dst_reg = BPF_REG_6,
					.src_reg = BPF_REG_3 });
	add(program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K,
					.dst_reg = BPF_REG_6,
					.imm = (int)(~entry->access & 7) });
	add_test(program, BPF_REG_6, 0, 2);
	add_return(program, 1);
}

struct whitelist whitelist_load(const struct whitelist_entry *entries, size_t count)
{
	return whitelist_load_named("whitelist", entries, count);
}

struct whitelist whitelist_load_named(const char *name, const struct whitelist_entry *entries,
				      size_t count)
{
	struct whitelist whitelist = { .program = -1 };
	struct program program = { .count = 0 };
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	add_load(&program, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add(&program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					 .dst_reg = BPF_REG_3,
					 .src_reg = BPF_REG_2 });
	add(&program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_RSH | BPF_K,
					 .dst_reg = BPF_REG_3,
					 .imm = 16 });
	add(&program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K,
					 .dst_reg = BPF_REG_2,
					 .imm = 0xffff });
	add_load(&program, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(&program, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < count; i++)
		add_entry(&program, &entries[i]);
	add_return(&program, 0);
	whitelist.program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, name, "GPL",
					  program.instructions, program.count, NULL);
	cr_assert_geq(whitelist.program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(whitelist.program, &info, &size), 0);
	whitelist.id = info.id;
	return whitelist;
}

void whitelist_attach(struct whitelist *whitelist, const struct cgfence_cgroup *cgroup,
		      unsigned int flags)
{
	int result = bpf_prog_attach(whitelist->program, cgfence_cgroup_fd(cgroup),
				     BPF_CGROUP_DEVICE, flags);

	cr_assert_eq(result, 0, "attach: %s", strerror(errno));
	whitelist->cgroup = cgroup;
}

struct whitelist whitelist_put(const struct cgfence_cgroup *cgroup)
{
	struct whitelist whitelist =
		whitelist_load(whitelist_usual, sizeof(whitelist_usual) / sizeof(*whitelist_usual));

	whitelist_attach(&whitelist, cgroup, BPF_F_ALLOW_MULTI);
	return whitelist;
}

int whitelist_take(const struct whitelist *whitelist)
{
	return bpf_prog_detach2(whitelist->program, cgfence_cgroup_fd(whitelist->cgroup),
				BPF_CGROUP_DEVICE) < 0
		       ? errno
		       : 0;
}

void whitelist_close(struct whitelist *whitelist)
{
	if (whitelist->program >= 0)
		close(whitelist->program);
	whitelist->program = -1;
}

struct whitelist_programs whitelist_query(const struct cgfence_cgroup *cgroup)
{
	struct whitelist_programs programs = { .count = 64 };

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE, 0,
				    &programs.flags, programs.ids, &programs.count),
		     0);
	return programs;
}
