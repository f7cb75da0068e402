// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports rewritten by the programs of others, before ours and after. */
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_rewrite, .init = sockets_begin, .fini = harness_end);

#define MOV(target, value)                                                               \
	{                                                                                \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (target), .imm = (value) \
	}
#define EXIT                               \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

/* Rewrites port @from to @to: if (ctx->user_port == from) ctx->user_port = to; return 1. */
static int load_rewriter(enum bpf_attach_type attach_type, uint16_t from, uint16_t to)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type);
	struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_sock_addr, user_port) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .off = 2,
		  .imm = htons(from) },
		MOV(BPF_REG_3, htons(to)),
		{ .code = BPF_STX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_3,
		  .off = offsetof(struct bpf_sock_addr, user_port) },
		MOV(BPF_REG_0, 1),
		EXIT,
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "rewriter", "GPL", program,
			       sizeof(program) / sizeof(program[0]), &options);

	cr_assert_geq(fd, 0, "bpf_prog_load: %s", strerror(errno));
	return fd;
}

/* It stays until the cgroup is removed. */
static void rewrite_in(const struct cgfence_cgroup *cgroup, uint16_t from, uint16_t to)
{
	static const enum bpf_attach_type types[] = { BPF_CGROUP_INET4_BIND,
						      BPF_CGROUP_INET6_BIND };

	for (int i = 0; i < 2; i++) {
		int program = load_rewriter(types[i], from, to);

		cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), types[i],
					     BPF_F_ALLOW_MULTI),
			     0, "%s", strerror(errno));
		close(program);
	}
}

static void rewrite(uint16_t from, uint16_t to)
{
	rewrite_in(sockets_fence(), from, to);
}

/* Nothing else has the port in this network namespace, so there is nothing to wait for. */
static int port_is_kept(void *unused)
{
	struct endpoint endpoint = endpoint_parse("tcp 127.0.0.1 9");
	int fd = endpoint_make(&endpoint);
	int other;

	(void)unused;
	if (fd < 0 || bind(fd, &endpoint.address.any, endpoint.length) == 0 || errno != EPERM)
		return SOCKETS_FAILED;
	if (harness_enter(harness_cgroup()))
		return SOCKETS_FAILED;
	other = endpoint_open("tcp 127.0.0.1 9");
	return other >= 0 ? 0 : other == -EADDRINUSE ? 1 : SOCKETS_FAILED;
}

/*
 * Kernels before 5.17 say EPERM after the bind and leave the socket with its port all the same ("net: bpf: Handle return
 * value of BPF_CGROUP_RUN_PROG_INET{4,6}_POST_BIND()"). Shown here without a fence, by a program that refuses all.
 */
static bool kernel_frees_refused_ports(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = BPF_CGROUP_INET4_POST_BIND);
	const struct bpf_insn refuse[] = { MOV(BPF_REG_0, 0), EXIT };
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "refused");
	int program =
		bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, "refuse", "GPL", refuse, 2, &options);
	int result;

	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_INET4_POST_BIND,
				     0),
		     0, "%s", strerror(errno));
	close(program);
	result = harness_in_cgroup(cgroup, port_is_kept, NULL);
	cr_assert(result == 0 || result == 1, "%d", result);
	return result == 0;
}

static const char *const rewritten[] = { "tcp 127.0.0.1 8080", "udp 127.0.0.1 8080",
					 "tcp ::1 8080",       "udp ::1 8080",
					 "tcp :: 8080",	       "tcp ::ffff:127.0.0.1 8080" };

#define REWRITTEN_COUNT (sizeof(rewritten) / sizeof(rewritten[0]))

static void expect_refused(void)
{
	int (*try)(const struct cgfence_cgroup *cgroup, const char *text) =
		kernel_frees_refused_ports() ? sockets_bind : sockets_bind_alone;

	for (size_t i = 0; i < REWRITTEN_COUNT; i++) {
		int result = try(sockets_fence(), rewritten[i]);

		cr_expect_eq(result, EPERM, "%s: %d", rewritten[i], result);
	}
}

Test(port_rewrite, a_port_rewritten_before_ours_is_judged_as_what_it_became)
{
	rewrite(8080, 8081);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	for (size_t i = 0; i < REWRITTEN_COUNT; i++)
		cr_expect_eq(sockets_bind(sockets_fence(), rewritten[i]), EPERM, "%s",
			     rewritten[i]);
}

static int bind_becomes(void *argument)
{
	int fd = endpoint_open(argument);

	return fd < 0 ? -fd : endpoint_port(fd) == 8081 ? 0 : SOCKETS_FAILED;
}

Test(port_rewrite, a_port_rewritten_before_ours_to_an_assigned_one_is_allowed)
{
	rewrite(8080, 8081);
	harness_attach(sockets_fence(), "{'ports': [8081]}");
	for (size_t i = 0; i < REWRITTEN_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_becomes, (void *)rewritten[i]),
			     0, "%s", rewritten[i]);
}

Test(port_rewrite, a_port_rewritten_after_ours_is_judged_again)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	rewrite(8080, 8081);
	expect_refused();
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), REWRITTEN_COUNT);
}

Test(port_rewrite, a_port_rewritten_after_ours_in_audit_mode_is_recorded_as_what_it_became)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'enforce': false, 'ports': [8080]}");
	rewrite(8080, 8081);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_becomes, "tcp 127.0.0.1 8080"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 1);
	cr_expect_eq(refusals.records[0].subject.major, 8081);
	cr_expect_eq(refusals.records[0].subject.verdict, CGFENCE_VERDICT_AUDITED);
	free(refusals.records);
}

/* An earlier bind to port 0 must not affect the next attempt. */
static int bind_after_port_0(void *argument)
{
	struct endpoint elsewhere = endpoint_parse("tcp 192.0.2.1 0");
	struct endpoint endpoint = endpoint_parse("tcp 127.0.0.1 8080 noport");
	struct endpoint any_port = endpoint_parse("tcp 127.0.0.1 0");
	const bool fails = *(const bool *)argument;
	int fd;

	endpoint.no_port = !fails;
	fd = endpoint_make(&endpoint);
	if (fails) {
		if (bind(fd, &elsewhere.address.any, elsewhere.length) == 0 ||
		    errno != EADDRNOTAVAIL)
			return SOCKETS_FAILED;
	} else if (bind(fd, &any_port.address.any, any_port.length) < 0 || endpoint_port(fd)) {
		return SOCKETS_FAILED;
	}
	return bind(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;
}

Test(port_rewrite, an_earlier_bind_to_port_0_does_not_excuse_a_rewritten_port)
{
	bool fails = true;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	rewrite(8080, 8081);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_after_port_0, &fails), EPERM,
		     "after a bind to port 0 that failed");
	fails = false;
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_after_port_0, &fails), EPERM,
		     "after a bind to port 0 with IP_BIND_ADDRESS_NO_PORT");
}

/* Programs of a cgroup are asked before those above it. */
Test(port_rewrite, a_port_rewritten_above_is_judged_again_and_below_as_what_it_became)
{
	struct cgfence_cgroup *below = harness_child_cgroup(sockets_fence(), "below");

	harness_attach(sockets_fence(), "{'ports': [8080, 8082]}");
	rewrite_in(harness_cgroup(), 8080, 8081);
	expect_refused();
	rewrite_in(below, 8079, 8082);
	rewrite_in(below, 8082, 8083);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 8082"), 0);
	cr_expect_eq(sockets_bind(below, "tcp 127.0.0.1 8082"), EPERM);
	cr_expect_eq(sockets_bind(below, "tcp ::1 8079"), EPERM, "two rewrite it");
}

Test(port_rewrite, others_and_their_programs_stay)
{
	bool detached = false;

	rewrite(8080, 8081);
	harness_attach(sockets_fence(), "{'ports': [8081]}");
	harness_attach(sockets_fence(), "{'ports': [8082]}");
	cr_expect_eq(sockets_hook_programs(sockets_fence(), BPF_CGROUP_INET4_BIND), 2);
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	cr_expect_eq(sockets_hook_programs(sockets_fence(), BPF_CGROUP_INET4_BIND), 1);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_becomes, "tcp 127.0.0.1 8080"), 0);
}
