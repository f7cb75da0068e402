// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The strongest listen guard: listen(2) returns EPERM. It needs Linux 6.0 with the BPF LSM active. */
#include "kernel_types.bpf.h"
#include "socket.bpf.h"
#include <bpf/bpf_core_read.h>

static __always_inline struct cgfence_served served_by(struct sock *socket)
{
	struct sock_common *common = &socket->__sk_common;
	__u32 address[4];

	if (common->skc_family != AF_INET6)
		return cgfence_served_by_ipv4();
	address[0] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[0];
	address[1] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[1];
	address[2] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[2];
	address[3] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[3];
	return cgfence_served_by_ipv6(address, BPF_CORE_READ_BITFIELD(common, skc_ipv6only));
}

/* Ports from the lowest to the highest. */
struct port_range {
	__u32 low;
	__u32 high;
};

/* Those from which the kernel chooses for an unbound socket. */
static __always_inline struct port_range ephemeral_range_of(struct net *net)
{
	struct local_ports *ports = &net->ipv4.ip_local_ports;
	struct local_ports___pair *pair = (struct local_ports___pair *)ports;
	struct port_range range;

	/* No helper reads it, for a kernel that is locked down may refuse that one. */
	if (bpf_core_field_exists(ports->range)) {
		range.low = ports->range & 0xffff;
		range.high = ports->range >> 16;
	} else {
		range.low = (__u32)pair->range[0];
		range.high = (__u32)pair->range[1];
	}
	return range;
}

struct port_walk {
	struct cgfence_served served;
	__u32 low;
	bool all_allowed;
};

static long check_port(__u32 index, struct port_walk *walk)
{
	walk->all_allowed = socket_port_allowed(policy_in_place(), CGFENCE_IPPROTO_TCP,
						walk->served, (walk->low + index) & 0xffff);
	return !walk->all_allowed;
}

/*
 * The port that an unbound socket will get is not known yet, so every port that it can get must be allowed. A known one is
 * a range of one port here: a second copy of the verdict would not fit into the page.
 */
static __always_inline bool may_listen(struct sock *socket, struct cgfence_served served,
				       __u32 port)
{
	struct port_range range = { port, port };
	struct port_walk walk = { .served = served };

	if (!port)
		range = ephemeral_range_of(socket->__sk_common.skc_net.net);
	if (range.high < range.low || range.high > 0xffff)
		return false;
	walk.low = range.low;
	bpf_loop(range.high - range.low + 1, check_port, &walk, 0);
	return walk.all_allowed;
}

SEC("cgfence.lsm_cgroup/socket_listen")
int cgfence_listen(unsigned long long *ctx)
{
	struct socket *socket = (struct socket *)ctx[0]; /* socket_listen(socket, backlog) */
	const struct cgfence_image *image = policy_in_place();
	struct sock *sock = socket->sk;
	struct cgfence_served served;
	struct judged judged;
	__u16 family;
	__u32 port;

	if (!sock)
		return 1;
	family = sock->__sk_common.skc_family;
	port = sock->__sk_common.skc_num;
	if ((family != AF_INET && family != AF_INET6) || !cgfence_is_tcp(sock->sk_protocol))
		return 1;
	if (!is_member(image, candidate_of_cgroup(image, (__u64)sock->sk_cgrp_data.cgroup),
		       &judged))
		return 1;
	if (!CGFENCE_FIELD(image, ports.netns_any) &&
	    sock->__sk_common.skc_net.net->net_cookie != image->ports.netns_cookie)
		return 1;
	served = served_by(sock);
	if (may_listen(sock, served, port))
		return 1;
	socket_record(image, &judged, counters_of_fence(), CGFENCE_HOOK_LISTEN,
		      socket_verdict(image), CGFENCE_IPPROTO_TCP, cgfence_served_family(served),
		      port, 0, CGFENCE_TASK_BY_HELPER);
	return !image->enforce;
}

char _license[] SEC("license") = "Dual BSD/GPL";
