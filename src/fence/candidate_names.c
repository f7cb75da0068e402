// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/candidate_names.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/foreign.h"
#include "kernel/foreign_maps.h"

#include <bpf/bpf.h>
#include <cgfence/verdict.h>
#include <errno.h>

/* The numbers of a type, a major and a minor stand near each other. */
#define APART 5

/* So that a program with very many of them can be asked about all in seconds. */
#define NUMBERS_MAX 4096
#define RANGES_MAX 64
#define HELD_MAX 2048

/* A number in the instructions may be the major of those that a map holds, or the other way round. */
#define MAJORS_MAX 32
#define MINORS_MAX 256

struct names {
	struct candidates *list;
	int64_t last[APART];
	size_t seen;
	size_t ranges;
	int64_t written[MAJORS_MAX]; /* of the instructions, each once */
	size_t written_count;
	size_t held; /* how many numbers of maps were seen */
};

/* ---- numbers near each other ---- */

/* A range ends at its numbers, or at their sum: compilers turn two comparisons into a subtraction and one. */
static int add_range(struct candidates *list, int64_t major, int64_t one, int64_t other)
{
	int64_t a = one < 0 ? -one : one;
	int64_t b = other < 0 ? -other : other;
	const int64_t points[] = {
		a - 1,	   a,	  a + 1,     b - 1,	  b,	     b + 1,
		a + b - 1, a + b, a + b + 1, (a + b) / 2, a + b / 2, b + a / 2,
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]) && result == 0; i++)
		result = candidates_add_both(list, major, points[i]);
	return result;
}

/* Any of the numbers before may be the major, or the other end. */
static int add_ranges(struct names *names, int64_t number)
{
	size_t count = names->seen < APART ? names->seen : APART;
	int result = 0;

	if (names->ranges >= RANGES_MAX)
		return 0;
	names->ranges++;
	for (size_t i = 0; i < count * count && result == 0; i++)
		result = add_range(names->list, names->last[i / count], names->last[i % count],
				   number);
	return result;
}

static int add_pair(struct candidates *list, int64_t one, int64_t other)
{
	int result = candidates_add_both(list, one, other);

	return result ? result : candidates_add_both(list, other, one);
}

static int add_number(struct names *names, int64_t number, bool may_end_range)
{
	int result = 0;

	for (size_t i = 0; i < APART && i < names->seen && result == 0; i++)
		result = add_pair(names->list, names->last[i], number);
	if (result == 0 && may_end_range)
		result = add_ranges(names, number);
	names->last[names->seen++ % APART] = number;
	return result;
}

/* ---- instructions ---- */

/* Return: how many instructions there are; 0 if they are not to be read. */
static size_t read_instructions(int program, struct bpf_insn **instructions)
{
	cleanup_free struct bpf_insn *read = NULL;
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t length;

	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0 || !info.xlated_prog_len)
		return 0;
	length = info.xlated_prog_len;
	read = malloc(length);
	if (!read)
		return 0;
	info = (struct bpf_prog_info){ .xlated_prog_len = length,
				       .xlated_prog_insns = (uint64_t)(uintptr_t)read };
	size = sizeof(info);
	/* The kernel leaves the address 0 where it does not show them. */
	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0 || !info.xlated_prog_insns ||
	    info.xlated_prog_len > length)
		return 0;
	*instructions = cleanup_steal(read);
	return info.xlated_prog_len / sizeof(**instructions);
}

enum use { USE_NONE, USE_EXACT, USE_RANGE };

static enum use use_of_jump(uint8_t operation)
{
	switch (operation) {
	case BPF_JA:
	case BPF_CALL:
	case BPF_EXIT:
		return USE_NONE;
	case BPF_JEQ:
	case BPF_JNE:
	case BPF_JSET:
		return USE_EXACT;
	default:
		return USE_RANGE;
	}
}

/* An exclusive or compares too, and a register that is compared with gets its number first. */
static enum use use_of_operation(uint8_t operation)
{
	switch (operation) {
	case BPF_ADD:
	case BPF_SUB:
		return USE_RANGE;
	case BPF_MOV:
	case BPF_XOR:
		return USE_EXACT;
	default:
		return USE_NONE;
	}
}

static enum use use_of(const struct bpf_insn *instruction)
{
	uint8_t operation = BPF_OP(instruction->code);
	bool is_number = BPF_SRC(instruction->code) == BPF_K;

	switch (BPF_CLASS(instruction->code)) {
	case BPF_JMP:
	case BPF_JMP32:
		return is_number ? use_of_jump(operation) : USE_NONE;
	case BPF_ALU:
	case BPF_ALU64:
		return is_number ? use_of_operation(operation) : USE_NONE;
	default:
		return USE_NONE;
	}
}

static void remember(struct names *names, int64_t number)
{
	for (size_t i = 0; i < names->written_count; i++) {
		if (names->written[i] == number)
			return;
	}
	if (names->written_count < MAJORS_MAX)
		names->written[names->written_count++] = number;
}

static int add_instructions(struct names *names, int program)
{
	cleanup_free struct bpf_insn *instructions = NULL;
	size_t count = read_instructions(program, &instructions);
	int result = 0;

	for (size_t i = 0; i < count && names->seen < NUMBERS_MAX && result == 0; i++) {
		enum use use = use_of(&instructions[i]);

		if (use == USE_NONE)
			continue;
		result = add_number(names, instructions[i].imm, use == USE_RANGE);
		remember(names, instructions[i].imm);
	}
	return result;
}

/* ---- maps ---- */

/* Both in one number, as the kernel has it, and as system calls have it (new_decode_dev(), include/linux/kdev_t.h). */
static int add_encoded(struct candidates *list, uint32_t number)
{
	int result = candidates_add_both(list, number >> 20, number & CGFENCE_MINOR_MAX);

	return result ? result
		      : candidates_add_both(list, number >> 8 & 0xfff,
					    (number & 0xff) | (number >> 12 & 0xfff00));
}

static int add_held(struct names *names, uint32_t number)
{
	int result = add_number(names, number, true);

	if (result == 0 && number)
		result = add_encoded(names->list, number);
	for (size_t i = 0; i < names->written_count && names->held < MINORS_MAX && result == 0; i++)
		result = add_pair(names->list, names->written[i], number);
	names->held++;
	return result;
}

/* What has never been written is zero all over, and names nothing. */
static bool is_empty(const uint32_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i])
			return false;
	}
	return true;
}

static int add_entry(const uint32_t *words, size_t count, void *context)
{
	struct names *names = context;
	int result = 0;

	if (is_empty(words, count))
		return 0;
	if (count > HELD_MAX - names->held)
		return -E2BIG;
	/* Entries have nothing to do with each other. */
	names->seen = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_held(names, words[i]);
	return result;
}

static int explain(struct candidates *list, uint32_t id, struct cgfence_error *why)
{
	char name[16];
	char text[CGFENCE_FOREIGN_TEXT_SIZE];

	foreign_read_name(id, name);
	foreign_describe(id, name, text);
	error_wrap(why, "%s", text);
	list->unknown = *why;
	return 0;
}

/* ---- all ---- */

int candidate_names_add(struct candidates *list, const struct adopted_program *program)
{
	struct names names = { .list = list };
	struct cgfence_error why = { 0 };
	int result = add_instructions(&names, program->fd);

	if (result)
		return result;
	result = foreign_maps_read(program->fd, add_entry, &names, &why);
	return result && result != -ENOMEM ? explain(list, program->id, &why) : result;
}
