// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What explain says of programs of others on the hooks of ports, which it asks the kernel about. */
#include "program.h"
#include "support/harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

TestSuite(explain_ports, .init = harness_begin, .fini = harness_end);

/* return ctx->user_port == htons(8080) ? 0 : 1 */
static void attach_port_filter(const struct cgfence_cgroup *cgroup, enum bpf_attach_type type)
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

static struct program_result explain_port(const struct cgfence_cgroup *cgroup, const char *protocol,
					  const char *port)
{
	return program_run(NULL,
			   WORDS("explain", cgfence_cgroup_path(cgroup), "port", protocol, port));
}

Test(explain_ports, programs_of_others_are_asked_about_ports)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "web.service");
	struct program_result result;

	attach_port_filter(unit, BPF_CGROUP_INET4_BIND);
	result = explain_port(unit, "tcp", "ipv4:8080");
	assert_status(result, 3);
	assert_has(result.output, "\trefused\tprogram ");
	assert_has(result.output, "on the bind4 hook, of the unit web.service, refuses it\n");
	assert_status(explain_port(unit, "udp", "ipv4:8080"), 3);
	assert_done(explain_port(unit, "tcp", "ipv4:8081"));
	assert_done(explain_port(unit, "tcp", "ipv6:8080"));
	/* Below 1024 too. */
	assert_done(explain_port(unit, "tcp", "80"));
}

Test(explain_ports, a_program_of_ipv6_has_a_say_on_mapped_addresses_alone)
{
	struct program_result result;

	attach_port_filter(harness_cgroup(), BPF_CGROUP_INET6_BIND);
	assert_status(explain_port(harness_cgroup(), "tcp", "8080"), 3);
	assert_status(explain_port(harness_cgroup(), "tcp", "ipv6:8080"), 3);
	result = explain_port(harness_cgroup(), "tcp", "ipv4:8080");
	assert_done(result);
	assert_has(result.output,
		   "allowed, because no fence applies, unless a program of others refuses it\n");
	assert_has(result.output, "\tunknown\tprogram ");
	assert_has(result.output, "it refuses it to sockets of IPv6 with a mapped address");
	assert_done(explain_port(harness_cgroup(), "tcp", "ipv4:8081"));
}
