// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The listen guard where there is no BPF LSM: runs after the socket listens and before listen(2) returns
 * (__inet_listen_sk, net/ipv4/af_inet.c). It cannot refuse, but it can mute the socket or kill, and it wakes the
 * reconciler.
 */
#include "socket.bpf.h"

static __always_inline struct cgfence_served served_by(struct bpf_sock_ops *ctx,
						       const struct cgfence_image *image)
{
	__u32 address[4];

	if (ctx->family != AF_INET6)
		return cgfence_served_by_ipv4();
	address[0] = ctx->local_ip6[0];
	address[1] = ctx->local_ip6[1];
	address[2] = ctx->local_ip6[2];
	address[3] = ctx->local_ip6[3];
	return cgfence_served_by_ipv6(address, socket_is_v6only(image, ctx->sk));
}

/* As socket_concerns_fence(). */
static __always_inline bool concerns_fence(struct bpf_sock_ops *ctx,
					   const struct cgfence_image *image)
{
	__u32 by = UNLESS_LEAN(CGFENCE_FIELD(image, socket.sockops_netns_by));

	return CGFENCE_FIELD(image, ports.netns_any) || by == CGFENCE_NETNS_UNKNOWN ||
	       socket_is_in_own_netns_by(by, image, ctx, ctx->sk);
}

/* Undone only with CAP_NET_RAW (sock_bindtoindex_locked, net/core/sock.c). */
static __always_inline bool mute(struct bpf_sock_ops *ctx)
{
	int nowhere = CGFENCE_NO_INTERFACE;

	return bpf_setsockopt(ctx, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere)) == 0;
}

POLICY_SEC("sockops", "sockops")
int cgfence_sockops(struct bpf_sock_ops *ctx)
{
	const struct cgfence_image *image = policy_in_place();
	struct cgfence_served served = cgfence_served_by_ipv4();
	struct judged judged;
	__u8 verdict;
	__u32 port;

	if (ctx->op != BPF_SOCK_OPS_TCP_LISTEN_CB)
		return 1;
	if (!is_member(image, candidate_of_context_socket(image, ctx), &judged))
		return 1;
	if (socket_judged_by_family(image))
		served = served_by(ctx, image);
	port = ctx->local_port;
	if (socket_port_allowed(image, CGFENCE_IPPROTO_TCP, served, port) ||
	    !concerns_fence(ctx, image))
		return 1;
	verdict = image->enforce ? CGFENCE_VERDICT_SEEN : CGFENCE_VERDICT_AUDITED;
	if (image->enforce && image->ports.mutes && mute(ctx))
		verdict = CGFENCE_VERDICT_MUTED;
	/* Where the trace program kills, it has sent the signal already; only the record is made here. */
	if (image->enforce && image->ports.guard == CGFENCE_GUARD_KILL &&
	    (image->ports.killed_by_trace || bpf_send_signal(SIGKILL) == 0))
		verdict = CGFENCE_VERDICT_KILLED;
	served = served_by(ctx, image);
	socket_record(image, &judged, counters_of_fence(), CGFENCE_HOOK_LISTEN, verdict,
		      CGFENCE_IPPROTO_TCP, cgfence_served_family(served), port,
		      bpf_get_socket_cookie(ctx), image->task.sockops_by);
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
