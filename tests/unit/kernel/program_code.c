// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is handed to the kernel without libbpf; tests on the kernel run it. */
#include "kernel/program_code.h"
#include "base/cleanup.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(program_code);

/* Descriptors that nothing here uses. */
#define FIRST_MAP 1000
#define LAST_MAP 1009

static struct fence_maps all_open(void)
{
	struct fence_maps maps = FENCE_MAPS_CLOSED;

	maps.policy = FIRST_MAP;
	maps.counters = 1001;
	maps.denials = 1002;
	maps.asked = 1003;
	maps.members = 1004;
	maps.state = 1005;
	maps.own = 1006;
	maps.records = 1007;
	maps.lost = 1008;
	maps.events = LAST_MAP;
	return maps;
}

static bool is_wide(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_jump(const struct bpf_insn *instruction)
{
	return BPF_CLASS(instruction->code) == BPF_JMP || BPF_CLASS(instruction->code) == BPF_JMP32;
}

/* The instructions that may run, as the kernel looks for them: each is on some way (check_cfg, kernel/bpf/verifier.c). */
static void follow(const struct program_code *code, int64_t at, bool *seen, int *calls)
{
	while (true) {
		const struct bpf_insn *instruction = &code->instructions[at];

		cr_assert(at >= 0 && at < code->count, "a jump to %ld", (long)at);
		if (seen[at])
			return;
		seen[at] = true;
		if (is_wide(instruction))
			seen[++at] = true;
		if (!is_jump(instruction)) {
			at++;
			continue;
		}
		if (BPF_OP(instruction->code) == BPF_EXIT)
			return;
		if (BPF_OP(instruction->code) != BPF_CALL) {
			if (BPF_OP(instruction->code) != BPF_JA)
				follow(code, at + 1, seen, calls);
			at += instruction->off + 1;
			continue;
		}
		if (instruction->src_reg == BPF_PSEUDO_CALL) {
			follow(code, at + instruction->imm + 1, seen, calls);
			(*calls)++;
		}
		at++;
	}
}

static int count_maps(const struct program_code *code)
{
	int count = 0;

	for (uint32_t i = 0; i < code->count; i++) {
		const struct bpf_insn *instruction = &code->instructions[i];

		if (!is_wide(instruction) || instruction->src_reg != BPF_PSEUDO_MAP_FD)
			continue;
		cr_expect(instruction->imm > FIRST_MAP && instruction->imm <= LAST_MAP);
		count++;
	}
	return count;
}

/* Return: how many functions it calls. */
static int expect_whole(const struct hook *hook, hook_bytes *version)
{
	struct fence_maps maps = all_open();
	struct program_code code = { 0 };
	cleanup_free bool *seen = NULL;
	int calls = 0;
	size_t size;
	const void *bytes = version(&size);

	cr_assert_eq(program_code_link(bytes, size, hook, &maps, &code), 0, "%s", hook->name);
	seen = calloc(code.count, sizeof(*seen));
	follow(&code, 0, seen, &calls);
	for (uint32_t i = 0; i < code.count; i++)
		cr_expect(seen[i], "%s: instruction %u of %u never runs", hook->name, i,
			  code.count);
	cr_expect_gt(count_maps(&code), 2, "%s", hook->name);
	free(code.instructions);
	return calls;
}

Test(program_code, each_version_of_each_program_is_whole)
{
	int calls = 0;

	for (int i = 0; i < hook_count; i++) {
		for (int j = 0; j < HOOK_KIND_COUNT * HOOK_LEAN_COUNT; j++) {
			hook_bytes *version =
				hooks[i].versions[j / HOOK_LEAN_COUNT][j % HOOK_LEAN_COUNT];

			if (version && !hooks[i].reads_kernel)
				calls += expect_whole(&hooks[i], version);
		}
	}
	cr_expect_gt(calls, 0, "no program calls a function, so that is not tested");
}

Test(program_code, a_map_that_is_missing_is_left_to_libbpf)
{
	struct fence_maps maps = all_open();
	struct program_code code = { 0 };
	size_t size;
	const void *bytes = hooks[0].versions[HOOK_ORDINARY][HOOK_FULL](&size);

	maps.events = -1;
	cr_expect_eq(program_code_link(bytes, size, &hooks[0], &maps, &code), -ENOENT);
	cr_expect_null(code.instructions);
}

/* A hook whose program is in another object. */
Test(program_code, a_program_that_is_not_there_is_left_to_libbpf)
{
	struct fence_maps maps = all_open();
	struct program_code code = { 0 };
	size_t size;
	const void *bytes = hooks[1].versions[HOOK_ORDINARY][HOOK_FULL](&size);

	cr_expect_eq(program_code_link(bytes, size, &hooks[0], &maps, &code), -ENOENT);
}
