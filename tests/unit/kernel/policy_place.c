// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/policy_place.h"
#include "base/cleanup.h"
#include "kernel/hook.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TestSuite(policy_place);

#define LOW ((__s32)CGFENCE_POLICY_NUMBER)
#define HIGH ((__s32)(CGFENCE_POLICY_NUMBER >> 32))
#define LOAD (BPF_LD | BPF_IMM | BPF_DW)
#define MOVE (BPF_ALU64 | BPF_MOV | BPF_K)

#define FIELD(type, field)                                                               \
	(CGFENCE_FIELD_NUMBER | sizeof(((type *)0)->field) << CGFENCE_FIELD_SIZE_SHIFT | \
	 offsetof(type, field))

static const struct cgfence_image *example(void)
{
	static struct {
		struct cgfence_image image;
		struct cgfence_standing standing;
	} example;

	example.image.standing_offset = sizeof(example.image);
	example.image.task.ports_by = 0x81;
	example.image.devices.slot_count = 0x12345678;
	example.image.devices.seed = 0xfedcba9876543211;
	example.standing.member_level = 7;
	return &example.image;
}

Test(policy_place, takes_the_place_of_the_number_alone)
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
	cr_expect_eq(policy_place_put(instructions, sizeof(instructions), example(), 77), 1);
	cr_expect_arr_eq(instructions, wanted, sizeof(wanted));
}

Test(policy_place, puts_the_fields_of_the_header)
{
	struct bpf_insn instructions[] = {
		{ .code = MOVE, .imm = FIELD(struct cgfence_image, task.ports_by) },
		{ .code = MOVE, .imm = FIELD(struct cgfence_image, devices.slot_count) },
		{ .code = LOAD, .imm = FIELD(struct cgfence_image, devices.seed) },
		{ .imm = CGFENCE_WIDE_FIELD_NUMBER },
		{ .code = MOVE,
		  .imm = FIELD(struct cgfence_standing, member_level) | CGFENCE_FIELD_OF_STANDING },
		/* What looks like one, and is none. */
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .imm = FIELD(struct cgfence_image, size) },
		{ .code = LOAD, .imm = FIELD(struct cgfence_image, devices.seed) },
		{ .imm = CGFENCE_WIDE_FIELD_NUMBER + 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn wanted[sizeof(instructions) / sizeof(instructions[0])];

	memcpy(wanted, instructions, sizeof(wanted));
	wanted[0].imm = 0x81;
	wanted[1].imm = 0x12345678;
	wanted[2].imm = (__s32)0x76543211;
	wanted[3].imm = (__s32)0xfedcba98;
	wanted[4].imm = 7;
	cr_expect_eq(policy_place_put(instructions, sizeof(instructions), example(), 77), 4);
	cr_expect_arr_eq(instructions, wanted, sizeof(wanted));
}

Test(policy_place, refuses_a_field_that_is_none)
{
	static const __s32 numbers[] = {
		FIELD(struct cgfence_image, devices.seed),
		CGFENCE_FIELD_NUMBER | 2 << CGFENCE_FIELD_SIZE_SHIFT,
		CGFENCE_FIELD_NUMBER | 4 << CGFENCE_FIELD_SIZE_SHIFT | sizeof(struct cgfence_image),
		CGFENCE_FIELD_NUMBER | CGFENCE_FIELD_OF_STANDING | 4 << CGFENCE_FIELD_SIZE_SHIFT |
			sizeof(struct cgfence_standing),
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct bpf_insn instructions[] = { { .code = MOVE, .imm = numbers[i] },
						   { .code = BPF_JMP | BPF_EXIT } };

		cr_expect_eq(policy_place_put(instructions, sizeof(instructions), example(), 1),
			     -EINVAL, "number %#x", numbers[i]);
	}
}

/* The instruction would extend the sign. */
Test(policy_place, refuses_a_value_of_32_bits_with_a_sign)
{
	struct bpf_insn instructions[] = {
		{ .code = MOVE, .imm = FIELD(struct cgfence_image, devices.slot_count) },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct cgfence_image image = *example();

	image.devices.slot_count = 0x80000000;
	cr_expect_eq(policy_place_put(instructions, sizeof(instructions), &image, 1), -EINVAL);
}

static int put_into_copy(const void *bytes, size_t size)
{
	cleanup_free void *copy = malloc(size);

	cr_assert_not_null(copy);
	memcpy(copy, bytes, size);
	return policy_place_put(copy, size, example(), 1);
}

Test(policy_place, every_object_of_a_hook_has_places)
{
	for (int i = 0; i < hook_count; i++) {
		for (int j = 0; j < HOOK_KIND_COUNT * HOOK_LEAN_COUNT; j++) {
			hook_bytes *version =
				hooks[i].versions[j / HOOK_LEAN_COUNT][j % HOOK_LEAN_COUNT];
			size_t size;
			const void *bytes = version ? version(&size) : NULL;

			if (!bytes)
				continue;
			cr_expect_gt(put_into_copy(bytes, size), 0, "%s, version %d", hooks[i].name,
				     j);
		}
	}
}
