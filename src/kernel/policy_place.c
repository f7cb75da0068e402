// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/policy_place.h"
#include "image/image.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

/* An instruction of 64 bits has the upper half of the number in a second one, of which the rest is 0. */
static bool is_wide(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) && !instruction->src_reg &&
	       !instruction->off && !instruction[1].code;
}

static bool is_narrow(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_ALU64 | BPF_MOV | BPF_K) && !instruction->src_reg &&
	       !instruction->off;
}

static bool is_address(const struct bpf_insn *instruction)
{
	return is_wide(instruction) && instruction->imm == (__s32)CGFENCE_POLICY_NUMBER &&
	       instruction[1].imm == (__s32)(CGFENCE_POLICY_NUMBER >> 32);
}

static bool is_field(const struct bpf_insn *instruction)
{
	if (((uint32_t)instruction->imm & CGFENCE_FIELD_NUMBER_MASK) != CGFENCE_FIELD_NUMBER)
		return false;
	return is_narrow(instruction) ||
	       (is_wide(instruction) && instruction[1].imm == CGFENCE_WIDE_FIELD_NUMBER);
}

/* Return: false if @number stands for no field of @size bytes. */
static bool read_field(const struct cgfence_image *image, uint32_t number, size_t size, void *value)
{
	const bool standing = number & CGFENCE_FIELD_OF_STANDING;
	const char *start = standing ? (const char *)image_standing(image) : (const char *)image;
	size_t limit = standing ? sizeof(struct cgfence_standing) : sizeof(*image);
	size_t offset = number & CGFENCE_FIELD_OFFSET_MASK;

	if ((number >> CGFENCE_FIELD_SIZE_SHIFT & CGFENCE_FIELD_SIZE_MASK) != size ||
	    offset + size > limit)
		return false;
	memcpy(value, start + offset, size);
	return true;
}

static bool put_wide(struct bpf_insn *instruction, const struct cgfence_image *image)
{
	uint64_t value;

	if (!read_field(image, (uint32_t)instruction->imm, sizeof(value), &value))
		return false;
	instruction->imm = (__s32)value;
	instruction[1].imm = (__s32)(value >> 32);
	return true;
}

/* The instruction extends the sign. */
static bool put_narrow(struct bpf_insn *instruction, const struct cgfence_image *image)
{
	uint32_t number = (uint32_t)instruction->imm;
	uint32_t value = 0;
	uint8_t byte;

	if (read_field(image, number, sizeof(byte), &byte))
		value = byte;
	else if (!read_field(image, number, sizeof(value), &value))
		return false;
	instruction->imm = (__s32)value;
	return instruction->imm >= 0;
}

static void put_address(struct bpf_insn *instruction, int map)
{
	instruction->src_reg = BPF_PSEUDO_MAP_VALUE;
	instruction->imm = map;
	instruction[1].imm = 0;
}

/*
 * Sections of instructions are aligned to an instruction in the file. Nothing else has these numbers: libbpf would refuse
 * what they had spoiled, and the unit tests count the places.
 */
int policy_place_put(void *object, size_t size, const struct cgfence_image *image, int map)
{
	struct bpf_insn *instructions = object;
	size_t count = size / sizeof(*instructions);
	int places = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		bool is_known = true;

		if (is_address(&instructions[i]))
			put_address(&instructions[i], map);
		else if (!is_field(&instructions[i]))
			continue;
		else if (is_narrow(&instructions[i]))
			is_known = put_narrow(&instructions[i], image);
		else
			is_known = put_wide(&instructions[i], image);
		if (!is_known)
			return -EINVAL;
		places++;
	}
	return places;
}
