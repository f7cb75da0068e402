// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_cookie.h"
#include "base/cleanup.h"
#include "cgroup/scratch.h"
#include "kernel/error.h"
#include "kernel/refusal.h"

#include <bpf/bpf.h>
#include <sys/socket.h>

/* Stores the cookie of the network namespace of a new socket in the map. */
static int load_program(int map)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW,
		  .dst_reg = BPF_REG_6,
		  .src_reg = BPF_PSEUDO_MAP_VALUE,
		  .imm = map },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_netns_cookie },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE);

	return bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, NULL, "GPL", program,
			     sizeof(program) / sizeof(program[0]), &options);
}

static int make_socket(void *context)
{
	(void)context;
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0;
}

static int find_on(const struct cgfence_cgroup *cgroup, uint64_t *cookie)
{
	cleanup_close int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(uint32_t),
					       sizeof(*cookie), 1, NULL);
	cleanup_close int program = map < 0 ? -1 : load_program(map);
	cleanup_close int link = -1;
	uint32_t zero = 0;
	int result;

	if (program < 0)
		return -errno;
	link = bpf_link_create(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_INET_SOCK_CREATE,
			       NULL);
	if (link < 0)
		return -errno;
	result = scratch_run(cgroup, make_socket, NULL);
	if (result < 0)
		return result;
	return bpf_map_lookup_elem(map, &zero, cookie) < 0 ? -errno : 0;
}

int netns_cookie_find(uint64_t *cookie, struct cgfence_error *error)
{
	struct cgfence_cgroup *cgroup = NULL;
	uint64_t found = 0;
	int result = scratch_open(&cgroup, error);

	if (result && !scratch_is_refused(result))
		return result;
	if (result == 0)
		result = find_on(cgroup, &found);
	scratch_close(cgroup);
	if (result && !scratch_is_refused(result) && !refusal_is(result))
		return kernel_error(error, -result, "read the cookie of this network namespace");
	*cookie = found;
	return 0;
}
