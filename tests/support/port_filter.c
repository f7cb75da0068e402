// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/port_filter.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* return ctx->user_port == htons(8080) ? 0 : 1 */
void port_filter_put(const struct cgfence_cgroup *cgroup, enum bpf_attach_type type)
{
	const struct bpf_insn refuse[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_sock_addr, user_port) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .off = 1,
		  .imm = htons(8080) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type);
	int program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sd_bind", "GPL", refuse, 5,
				    &options);

	cr_assert_geq(program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), type, BPF_F_ALLOW_MULTI),
		     0);
	close(program);
}
