/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of an object without libbpf, which for each object parses all types in it, loads them, and tries what
 * the kernel can do: that takes as long as the kernel takes for a third of the programs. It serves programs that are
 * not adapted to the kernel's types; whatever else it does not know is left to libbpf, which also tells what is wrong.
 */
#pragma once

#include "kernel/hook.h"
#include "kernel/maps.h"

struct program_code {
	struct bpf_insn *instructions; /* of the caller, to be freed */
	uint32_t count;
};

/**
 * program_code_link() - the instructions of the program of a hook, with the functions that it calls and the maps that it
 * uses, as bpf_object__load() would hand them to the kernel.
 * @bytes: an ELF file that clang has made, unchanged
 * @code: receives them; the policy is not in its place yet
 *
 * Return: 0, -ENOENT if there is something in it that is not known here or a map that is not open, or -ENOMEM.
 */
int program_code_link(const void *bytes, size_t size, const struct hook *hook,
		      struct fence_maps *maps, struct program_code *code);

/**
 * program_code_load() - load programs, two at a time where there are two processors.
 * @wanted: HOOK_BIT() of the number of each hook; those whose object is adapted to the kernel's types are left out
 * @programs: receives a descriptor for each of them, or -1 for one that is left to libbpf
 *
 * The other parameters are those of programs_load().
 */
void program_code_load(unsigned int wanted, const struct cgfence_image *image,
		       struct fence_maps *maps, int programs[HOOKS_MAX]);
