// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/program_code.h"
#include "base/cleanup.h"
#include "base/parallel.h"
#include "image/image.h"
#include "kernel/call.h"
#include "kernel/policy_place.h"

#include <gelf.h>
#include <string.h>

#define SECTION_PREFIX "cgfence/"

struct section {
	const char *bytes;
	size_t size;
	Elf_Data *relocations; /* NULL if there are none */
	size_t relocation_count;
	size_t number;
};

struct object {
	Elf *elf;
	Elf_Data *symbols;
	size_t symbol_count;
	size_t symbol_names;	  /* the section that has them */
	struct section functions; /* those that programs call */
};

/* A function that is in the code already. */
struct placed {
	uint32_t start; /* in the section of functions */
	uint32_t place; /* in the code */
};

#define PLACED_MAX 16

struct linking {
	struct object *object;
	struct fence_maps *maps;
	struct program_code *code;
	struct placed placed[PLACED_MAX];
	int placed_count;
};

static void cleanup_object(struct object *object)
{
	elf_end(object->elf);
}

/* Relocations of a section come after it. Return: false if the object has none with that name. */
static bool find_section(const struct object *object, const char *prefix, const char *name,
			 struct section *section)
{
	size_t names;
	Elf_Scn *at = NULL;

	*section = (struct section){ 0 };
	if (elf_getshdrstrndx(object->elf, &names) < 0)
		return false;
	while ((at = elf_nextscn(object->elf, at))) {
		Elf_Data *data = elf_getdata(at, NULL);
		const char *found;
		GElf_Shdr header;

		if (!data || !gelf_getshdr(at, &header))
			return false;
		found = elf_strptr(object->elf, names, header.sh_name);
		if (header.sh_type == SHT_REL && header.sh_info == section->number) {
			section->relocations = data;
			section->relocation_count = header.sh_size / header.sh_entsize;
		} else if (header.sh_type == SHT_PROGBITS && found &&
			   strncmp(found, prefix, strlen(prefix)) == 0 &&
			   strcmp(found + strlen(prefix), name) == 0) {
			section->bytes = data->d_buf;
			section->size = data->d_size;
			section->number = elf_ndxscn(at);
		}
	}
	return section->number;
}

static bool find_symbols(struct object *object)
{
	Elf_Scn *at = NULL;
	GElf_Shdr header;

	while ((at = elf_nextscn(object->elf, at))) {
		if (!gelf_getshdr(at, &header))
			return false;
		if (header.sh_type != SHT_SYMTAB)
			continue;
		object->symbols = elf_getdata(at, NULL);
		object->symbol_count = header.sh_size / header.sh_entsize;
		object->symbol_names = header.sh_link;
	}
	return object->symbols;
}

static bool open_object(const void *bytes, size_t size, struct object *object)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	/* It is not written to. */
	object->elf = elf_memory((char *)bytes, size);
	return object->elf && find_symbols(object) &&
	       find_section(object, "", ".text", &object->functions);
}

/* Return: the descriptor of the map that a symbol stands for, or -1. */
static int map_of(const struct linking *linking, const GElf_Sym *symbol)
{
	const char *name =
		elf_strptr(linking->object->elf, linking->object->symbol_names, symbol->st_name);
	const int *slot = name ? fence_maps_slot(linking->maps, name) : NULL;

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
		struct bpf_insn *instruction;
		GElf_Rel relocation;
		GElf_Sym symbol;
		uint64_t at;

		if (!gelf_getrel(section->relocations, (int)i, &relocation) ||
		    !gelf_getsym(linking->object->symbols, (int)GELF_R_SYM(relocation.r_info),
				 &symbol))
			return false;
		at = relocation.r_offset / sizeof(*code);
		if (at < start || at >= start + count)
			continue;
		instruction = &code[at - start];
		if (GELF_R_TYPE(relocation.r_info) == R_BPF_64_64 && is_load(instruction)) {
			instruction->src_reg = BPF_PSEUDO_MAP_FD;
			instruction->imm = map_of(linking, &symbol);
			if (instruction->imm < 0)
				return false;
		} else if (is_call(instruction) &&
			   symbol.st_shndx == linking->object->functions.number) {
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
	const struct object *object = linking->object;

	for (int i = 0; i < linking->placed_count; i++) {
		if (linking->placed[i].start == start)
			return linking->placed[i].place;
	}
	for (size_t i = 0; i < object->symbol_count; i++) {
		uint32_t place = linking->code->count;
		GElf_Sym symbol;

		if (!gelf_getsym(object->symbols, (int)i, &symbol))
			return -1;
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
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

int program_code_link(const void *bytes, size_t size, const struct hook *hook,
		      struct fence_maps *maps, struct program_code *code)
{
	__attribute__((cleanup(cleanup_object))) struct object object = { 0 };
	struct program_code linked = { 0 };
	struct linking linking = { .object = &object, .maps = maps, .code = &linked };
	struct section program;

	if (!open_object(bytes, size, &object) ||
	    !find_section(&object, SECTION_PREFIX, hook->name, &program))
		return -ENOENT;
	linked.instructions = malloc(program.size + object.functions.size);
	if (!linked.instructions)
		return -ENOMEM;
	if (!append(&linking, &program, 0, program.size / sizeof(struct bpf_insn))) {
		free(linked.instructions);
		return -ENOENT;
	}
	*code = linked;
	return 0;
}

/* A program on its way into the kernel. */
struct loading {
	const struct hook *hook;
	struct program_code code;
	int *program;
};

/* Return: false if it is left to libbpf. */
static bool prepare(const struct hook *hook, const struct cgfence_image *image,
		    struct fence_maps *maps, struct program_code *code)
{
	size_t size;
	const void *bytes = hook_object(hook, image, &size);

	return program_code_link(bytes, size, hook, maps, code) == 0 &&
	       policy_place_put(code->instructions, code->count * sizeof(*code->instructions),
				image, maps->policy) >= 0;
}

/* Without memory of its own, for which a thread would have to make an arena. */
static void load(int number, void *context)
{
	const struct loading *loading = (const struct loading *)context + number;
	union bpf_attr attributes = {
		.prog_type = loading->hook->type_in_place,
		.expected_attach_type = loading->hook->attach_type,
		.insns = (uintptr_t)loading->code.instructions,
		.insn_cnt = loading->code.count,
	};

	*loading->program = call_load_program(&attributes, loading->hook->program);
}

/* Nearly all of the time of an attach is the verifier's, which takes several programs at a time. */
void program_code_load(unsigned int wanted, const struct cgfence_image *image,
		       struct fence_maps *maps, int programs[HOOKS_MAX])
{
	struct loading loading[HOOKS_MAX] = { 0 };
	int count = 0;

	for (int i = 0; i < hook_count; i++) {
		if (!(wanted & HOOK_BIT(i)) || hooks[i].reads_kernel)
			continue;
		programs[i] = -1;
		loading[count] = (struct loading){ .hook = &hooks[i], .program = &programs[i] };
		if (prepare(&hooks[i], image, maps, &loading[count].code))
			count++;
		else
			free(loading[count].code.instructions);
	}
	parallel_run(count, load, loading);
	for (int i = 0; i < count; i++)
		free(loading[i].code.instructions);
}
