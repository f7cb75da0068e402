// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kill guard where sockops programs may not send signals (before 6.18): one program for all fences of the host.
 * It goes by the cgroup of the process that listens, and sees a socket without a port before the kernel chooses one
 * (inet_csk_listen_start, net/ipv4/inet_connection_sock.c).
 */
#include "kernel_types.bpf.h"
#include "numbers.bpf.h"
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <cgfence/verdict.h>

/* Deeper fences than this are left to the event guard. */
#define CGROUP_DEPTH_MAX 16

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct cgfence_kill_fence);
} cgfence_kill SEC(".maps");

struct listener {
	__u32 netns_inum;
	__u32 port;
	struct cgfence_served served;
};

static __always_inline bool may_serve(const struct cgfence_kill_fence *fence, int family,
				      __u32 port)
{
	return fence->allowed[family][port / 64 & (CGFENCE_PORT_WORDS - 1)] >> (port % 64) & 1;
}

/* Bit 0 stands for no port; it is set if every port is allowed. */
static __always_inline bool is_excess(const struct cgfence_kill_fence *fence,
				      const struct listener *listener)
{
	if (!fence->netns_any && fence->netns_inum != listener->netns_inum)
		return false;
	return (listener->served.ipv4 && !may_serve(fence, CGFENCE_IPV4, listener->port)) ||
	       (listener->served.ipv6 && !may_serve(fence, CGFENCE_IPV6, listener->port));
}

static __always_inline void describe(struct sock *sock, struct listener *listener)
{
	struct sock_common *common = &sock->__sk_common;

	listener->netns_inum = common->skc_net.net->ns.inum;
	listener->port = common->skc_num;
	if (common->skc_family == AF_INET)
		listener->served = cgfence_served_by_ipv4();
	else if (common->skc_family == AF_INET6)
		listener->served =
			cgfence_served_by_ipv6(common->skc_v6_rcv_saddr.in6_u.u6_addr32,
					       BPF_CORE_READ_BITFIELD(common, skc_ipv6only));
}

/* 0 below the level of the current cgroup. Where struct cgroup has no ancestor_ids (6.1), tracing programs have the helper. */
static __always_inline __u64 ancestor_id(int level)
{
	struct cgroup *cgroup = 0;
	__u64 id = 0;

	if (!bpf_core_field_exists(cgroup->ancestor_ids))
		return bpf_get_current_ancestor_cgroup_id(level);
	cgroup = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), cgroups, dfl_cgrp);
	if (level <= BPF_CORE_READ(cgroup, level))
		bpf_core_read(&id, sizeof(id), &cgroup->ancestor_ids[level]);
	return id;
}

SEC("tp_btf/inet_sock_set_state")
int cgfence_kill_listener(unsigned long long *ctx)
{
	struct sock *sock = (struct sock *)ctx[0]; /* inet_sock_set_state(sk, oldstate, newstate) */
	struct listener listener = { 0 };

	if ((int)ctx[2] != TCP_LISTEN || sock->sk_protocol != CGFENCE_IPPROTO_TCP)
		return 0;
	describe(sock, &listener);
#pragma unroll
	for (int level = 0; level < CGROUP_DEPTH_MAX; level++) {
		__u64 cgroup_id = ancestor_id(level);
		const struct cgfence_kill_fence *fence =
			bpf_map_lookup_elem(&cgfence_kill, &cgroup_id);

		if (fence && is_excess(fence, &listener)) {
			bpf_send_signal(SIGKILL);
			return 0;
		}
	}
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
