// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/policy_address.h"
#include "base/cleanup.h"
#include "kernel/hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cgfence/abi.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_load_of_64_bits(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Turns the address of the policy map into that of the policy. */
static int address_map(struct bpf_insn *instruction)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(instruction->imm, &info, &size) < 0)
		return -errno;
	if (strcmp(info.name, CGFENCE_POLICY_MAP) == 0)
		instruction->src_reg = BPF_PSEUDO_MAP_VALUE;
	return 0;
}

static int address_policy(struct bpf_program *program, struct bpf_prog_load_opts *options,
			  long cookie)
{
	const struct bpf_insn *relocated = bpf_program__insns(program);
	size_t count = bpf_program__insn_cnt(program);
	cleanup_free struct bpf_insn *instructions = calloc(count, sizeof(*instructions));
	int result = 0;

	(void)options;
	(void)cookie;
	if (!instructions)
		return -ENOMEM;
	memcpy(instructions, relocated, count * sizeof(*instructions));
	for (size_t i = 0; i < count && result == 0; i++) {
		if (!is_load_of_64_bits(&instructions[i]))
			continue;
		if (instructions[i].src_reg == BPF_PSEUDO_MAP_FD)
			result = address_map(&instructions[i]);
		i++; /* its second half */
	}
	return result ? result : bpf_program__set_insns(program, instructions, count);
}

static int registered;

/*
 * Registers when the library is loaded, and for good (the Makefile links it with -z nodelete): libbpf keeps all
 * handlers in one array that moves as it grows, and open objects of the application point into it.
 */
__attribute__((constructor)) static void register_sections(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = address_policy);

	for (int i = 0; i < hook_count && registered >= 0; i++) {
		char section[64];

		if (!hooks[i].type_in_place)
			continue;
		snprintf(section, sizeof(section), "cgfence/%s", hooks[i].name);
		registered = libbpf_register_prog_handler(section, hooks[i].type_in_place,
							  hooks[i].attach_type, &options);
	}
}

int policy_address_check(void)
{
	return registered < 0 ? registered : 0;
}
