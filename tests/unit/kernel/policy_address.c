// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/policy_address.h"
#include "base/cleanup.h"
#include "kernel/hook.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(policy_address);

#define LOW ((__s32)CGFENCE_POLICY_NUMBER)
#define HIGH ((__s32)(CGFENCE_POLICY_NUMBER >> 32))
#define LOAD (BPF_LD | BPF_IMM | BPF_DW)

Test(policy_address, takes_the_place_of_the_number_alone)
{
	struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = LOW },
		{ .code = LOAD, .dst_reg = BPF_REG_3, .imm = LOW },
		{ .imm = HIGH },
		{ .code = LOAD, .dst_reg = BPF_REG_3, .imm = LOW },
		{ .imm = HIGH + 1 },
		{ .code = LOAD, .src_reg = BPF_PSEUDO_MAP_FD, .imm = LOW },
		{ .imm = HIGH },
		/* The second half would be beyond the end. */
		{ .code = LOAD, .dst_reg = BPF_REG_3, .imm = LOW },
	};
	struct bpf_insn wanted[sizeof(instructions) / sizeof(instructions[0])];

	memcpy(wanted, instructions, sizeof(wanted));
	wanted[1].src_reg = BPF_PSEUDO_MAP_VALUE;
	wanted[1].imm = 77;
	wanted[2].imm = 0;
	cr_expect_eq(policy_address_put(instructions, sizeof(instructions), 77), 1);
	cr_expect_arr_eq(instructions, wanted, sizeof(wanted));
}

static int put_into_copy(const void *bytes, size_t size)
{
	cleanup_free void *copy = malloc(size);

	cr_assert_not_null(copy);
	memcpy(copy, bytes, size);
	return policy_address_put(copy, size, 1);
}

/* The number stands nowhere in an object whose programs look the policy up. */
Test(policy_address, is_in_each_object_that_wants_it)
{
	for (int i = 0; i < hook_count; i++) {
		size_t size;
		const void *bytes = hooks[i].elf_bytes(&size);

		cr_expect_eq(put_into_copy(bytes, size) > 0, hooks[i].type_in_place != 0, "%s",
			     hooks[i].name);
		bytes = hooks[i].standing_bytes(&size);
		cr_expect_eq(put_into_copy(bytes, size) > 0, hooks[i].type_in_place != 0,
			     "standing %s", hooks[i].name);
	}
}
