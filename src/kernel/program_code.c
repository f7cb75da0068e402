// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/program_code.h"
#include "base/cleanup.h"
#include "image/image.h"
#include "kernel/call.h"
#include "kernel/policy_place.h"

#include <elf.h>
#include <string.h>

#define SECTION_PREFIX "cgfence/"
#define RELOCATIONS_PREFIX ".rel"

struct section {
	const char *bytes;
	size_t size;
	const char *relocations; /* Elf64_Rel, not aligned */
	size_t relocation_count;
	uint32_t number;
};

struct object {
	const char *bytes;
	Elf64_Ehdr header;
	const char *names;   /* of sections */
	const char *symbols; /* Elf64_Sym, not aligned */
	size_t symbol_count;
	const char *symbol_names;
	struct section functions; /* those that programs call */
};

/* A function that is in the code already. */
struct placed {
	uint32_t start; /* in the section of functions */
	uint32_t place; /* in the code */
};

#define PLACED_MAX 16

struct linking {
	struct object object;
	struct fence_maps *maps;
	struct program_code *code;
	struct placed placed[PLACED_MAX];
	int placed_count;
};

/* Skeletons have the file as a string, which need not be aligned. */
static Elf64_Shdr read_section(const struct object *object, uint32_t number)
{
	Elf64_Shdr section;

	memcpy(&section, object->bytes + object->header.e_shoff + number * sizeof(section),
	       sizeof(section));
	return section;
}

static Elf64_Sym read_symbol(const struct object *object, size_t number)
{
	Elf64_Sym symbol;

	memcpy(&symbol, object->symbols + number * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static Elf64_Rel read_relocation(const struct section *section, size_t number)
{
	Elf64_Rel relocation;

	memcpy(&relocation, section->relocations + number * sizeof(relocation), sizeof(relocation));
	return relocation;
}

static bool is_named(const char *name, const char *prefix, const char *rest)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 &&
	       strcmp(name + strlen(prefix), rest) == 0;
}

/* Return: false if the object has none with that name. */
static bool find_section(const struct object *object, const char *prefix, const char *name,
			 struct section *section)
{
	*section = (struct section){ 0 };
	for (uint32_t i = 1; i < object->header.e_shnum; i++) {
		Elf64_Shdr header = read_section(object, i);
		const char *found = object->names + header.sh_name;

		if (header.sh_type == SHT_PROGBITS && is_named(found, prefix, name)) {
			section->bytes = object->bytes + header.sh_offset;
			section->size = header.sh_size;
			section->number = i;
		}
		if (header.sh_type == SHT_REL && header.sh_info == section->number) {
			section->relocations = object->bytes + header.sh_offset;
			section->relocation_count = header.sh_size / sizeof(Elf64_Rel);
		}
	}
	return section->bytes;
}

static bool open_object(const void *bytes, struct object *object)
{
	*object = (struct object){ .bytes = bytes };
	memcpy(&object->header, bytes, sizeof(object->header));
	object->names = object->bytes + read_section(object, object->header.e_shstrndx).sh_offset;
	for (uint32_t i = 1; i < object->header.e_shnum; i++) {
		Elf64_Shdr header = read_section(object, i);

		if (header.sh_type != SHT_SYMTAB)
			continue;
		object->symbols = object->bytes + header.sh_offset;
		object->symbol_count = header.sh_size / sizeof(Elf64_Sym);
		object->symbol_names =
			object->bytes + read_section(object, header.sh_link).sh_offset;
	}
	return object->symbols && find_section(object, "", ".text", &object->functions);
}

/* Return: the descriptor of the map that a symbol stands for, or -1. */
static int map_of(const struct linking *linking, const Elf64_Sym *symbol)
{
	const int *slot =
		fence_maps_slot(linking->maps, linking->object.symbol_names + symbol->st_name);

	return slot ? *slot : -1;
}

static bool is_call(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_CALL) && instruction->src_reg == BPF_PSEUDO_CALL;
}

static bool is_load(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) && !instruction->src_reg;
}

/*
 * Puts maps into the instructions, and makes calls into the section of functions relative to its start: the call adds
 * the number of the instruction, and is one behind (R_BPF_64_32, Documentation/bpf/llvm_reloc.rst).
 */
static bool relocate(const struct linking *linking, const struct section *section, uint32_t start,
		     uint32_t count, struct bpf_insn *code)
{
	for (size_t i = 0; i < section->relocation_count; i++) {
		Elf64_Rel relocation = read_relocation(section, i);
		Elf64_Sym symbol = read_symbol(&linking->object, ELF64_R_SYM(relocation.r_info));
		uint64_t at = relocation.r_offset / sizeof(*code);
		struct bpf_insn *instruction;

		if (at < start || at >= start + count)
			continue;
		instruction = &code[at - start];
		if (ELF64_R_TYPE(relocation.r_info) == R_BPF_64_64 && is_load(instruction)) {
			instruction->src_reg = BPF_PSEUDO_MAP_FD;
			instruction->imm = map_of(linking, &symbol);
			if (instruction->imm < 0)
				return false;
		} else if (is_call(instruction) &&
			   symbol.st_shndx == linking->object.functions.number) {
			instruction->imm += (__s32)(symbol.st_value / sizeof(*code)) - (__s32)at;
		} else {
			return false;
		}
	}
	return true;
}

static bool append(struct linking *linking, const struct section *section, uint32_t start,
		   uint32_t count);

/* Return: its place in the code, or -1. */
static int64_t place_function(struct linking *linking, uint32_t start)
{
	const struct object *object = &linking->object;

	for (int i = 0; i < linking->placed_count; i++) {
		if (linking->placed[i].start == start)
			return linking->placed[i].place;
	}
	for (size_t i = 0; i < object->symbol_count; i++) {
		Elf64_Sym symbol = read_symbol(object, i);
		uint32_t place = linking->code->count;

		if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC ||
		    symbol.st_shndx != object->functions.number ||
		    symbol.st_value / sizeof(struct bpf_insn) != start)
			continue;
		if (linking->placed_count == PLACED_MAX)
			return -1;
		linking->placed[linking->placed_count++] = (struct placed){ start, place };
		if (!append(linking, &object->functions, start,
			    symbol.st_size / sizeof(struct bpf_insn)))
			return -1;
		return place;
	}
	return -1;
}

/* Appends a program or a function, and what it calls. The code has room for each function once. */
static bool append(struct linking *linking, const struct section *section, uint32_t start,
		   uint32_t count)
{
	uint32_t place = linking->code->count;
	struct bpf_insn *code = linking->code->instructions + place;

	memcpy(code, section->bytes + start * sizeof(*code), count * sizeof(*code));
	linking->code->count += count;
	if (!relocate(linking, section, start, count, code))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t target;

		if (!is_call(&code[i]))
			continue;
		target = place_function(linking, (uint32_t)(start + i + code[i].imm + 1));
		if (target < 0)
			return false;
		code[i].imm = (__s32)(target - (place + i) - 1);
	}
	return true;
}

int program_code_link(const void *object, const struct hook *hook, struct fence_maps *maps,
		      struct program_code *code)
{
	struct program_code linked = { 0 };
	struct linking linking = { .maps = maps, .code = &linked };
	struct section program;
	struct section license;

	if (!open_object(object, &linking.object) ||
	    !find_section(&linking.object, SECTION_PREFIX, hook->name, &program) ||
	    !find_section(&linking.object, "", "license", &license))
		return -ENOENT;
	linked.license = license.bytes;
	linked.instructions = malloc(program.size + linking.object.functions.size);
	if (!linked.instructions)
		return -ENOMEM;
	if (!append(&linking, &program, 0, program.size / sizeof(struct bpf_insn))) {
		free(linked.instructions);
		return -ENOENT;
	}
	*code = linked;
	return 0;
}

/* Return: a descriptor, or -1. */
static int load(const struct hook *hook, const struct cgfence_image *image, struct fence_maps *maps)
{
	struct program_code code = { 0 };
	size_t size;
	int result = program_code_link(hook_object(hook, image, &size), hook, maps, &code);
	cleanup_free struct bpf_insn *instructions = code.instructions;
	union bpf_attr attributes = {
		.prog_type = hook->type_in_place,
		.expected_attach_type = hook->attach_type,
		.insns = (uintptr_t)instructions,
		.insn_cnt = code.count,
		.license = (uintptr_t)code.license,
	};

	if (result || policy_place_put(instructions, code.count * sizeof(*instructions), image,
				       maps->policy) < 0)
		return -1;
	return call_load_program(&attributes, hook->program);
}

int program_code_load(const struct hook *hook, const struct cgfence_image *image,
		      struct fence_maps *maps, int programs[HOOKS_MAX])
{
	int loaded[HOOKS_MAX];
	bool failed = hook->reads_kernel;

	for (int i = 0; i < hook_count; i++) {
		loaded[i] = -1;
		if (failed || !hook_is_in_object_of(&hooks[i], hook) ||
		    !hook_is_wanted(&hooks[i], image))
			continue;
		loaded[i] = load(&hooks[i], image, maps);
		failed = loaded[i] < 0;
	}
	for (int i = 0; i < hook_count; i++) {
		if (failed)
			cleanup_close_descriptor(&loaded[i]);
		else if (loaded[i] >= 0)
			programs[i] = loaded[i];
	}
	return failed ? -1 : 0;
}
