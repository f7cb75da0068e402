// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy_address.h"
#include "cleanup.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cgfence/abi.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static const struct {
	const char *name;
	enum bpf_prog_type program_type;
	enum bpf_attach_type attach_type;
} sections[] = {
	{ "cgfence/device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE },
	{ "cgfence/bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND },
	{ "cgfence/bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND },
	{ "cgfence/post_bind4", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND },
	{ "cgfence/post_bind6", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND },
	{ "cgfence/sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
};

static bool is_load_of_64_bits(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_policy_map(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	       strcmp(info.name, CGFENCE_POLICY_MAP) == 0;
}

static int address_policy(struct bpf_program *program, struct bpf_prog_load_opts *options,
			  long cookie)
{
	const struct bpf_insn *relocated = bpf_program__insns(program);
	size_t count = bpf_program__insn_cnt(program);
	cleanup_free struct bpf_insn *instructions = calloc(count, sizeof(*instructions));

	(void)options;
	(void)cookie;
	if (!instructions)
		return -ENOMEM;
	memcpy(instructions, relocated, count * sizeof(*instructions));
	for (size_t i = 0; i < count; i++) {
		struct bpf_insn *instruction = &instructions[i];

		if (!is_load_of_64_bits(instruction))
			continue;
		if (instruction->src_reg == BPF_PSEUDO_MAP_FD && is_policy_map(instruction->imm))
			instruction->src_reg = BPF_PSEUDO_MAP_VALUE;
		i++; /* its second half */
	}
	return bpf_program__set_insns(program, instructions, count);
}

static int registered;

static void register_sections(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = address_policy);

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && registered >= 0; i++)
		registered = libbpf_register_prog_handler(sections[i].name,
							  sections[i].program_type,
							  sections[i].attach_type, &options);
}

int policy_address_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_sections);
	return registered < 0 ? registered : 0;
}
