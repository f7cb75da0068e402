// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/policy_address.h"

#include <cgfence/abi.h>
#include <linux/bpf.h>
#include <stdbool.h>

/* An instruction of 64 bits has the upper half of the number in a second one, of which the rest is 0. */
static bool loads_number(const struct bpf_insn *instruction)
{
	const struct bpf_insn *half = instruction + 1;

	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) && !instruction->src_reg &&
	       !instruction->off && instruction->imm == (__s32)CGFENCE_POLICY_NUMBER &&
	       !half->code && half->imm == (__s32)(CGFENCE_POLICY_NUMBER >> 32);
}

/*
 * Sections of instructions are aligned to an instruction in the file. Nothing else has this number: libbpf would refuse
 * what it had spoiled, and the unit tests count the places.
 */
int policy_address_put(void *object, size_t size, int map)
{
	struct bpf_insn *instructions = object;
	size_t count = size / sizeof(*instructions);
	int places = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		if (!loads_number(&instructions[i]))
			continue;
		instructions[i].src_reg = BPF_PSEUDO_MAP_VALUE;
		instructions[i].imm = map;
		instructions[i + 1].imm = 0;
		places++;
	}
	return places;
}
