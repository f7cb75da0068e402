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

/*
 * Undone only with CAP_NET_RAW (sock_bindtoindex_locked, net/core/sock.c). A socket that is tied to an interface already
 * would take that capability of the process here too, so it may stay as it is. If it was muted before, and listens again,
 * it is so still.
 */
static __always_inline bool mute(struct bpf_sock_ops *ctx)
{
	int nowhere = CGFENCE_NO_INTERFACE;
	struct bpf_sock *socket = ctx->sk;

	if (socket && socket->bound_dev_if == CGFENCE_NO_INTERFACE)
		return true;
	return bpf_setsockopt(ctx, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere)) == 0;
}

/* The socket was made in the fence, but whoever listens may have been given it. */
static __always_inline bool caller_is_inside(const struct cgfence_image *image,
					     const struct judged *judged,
					     struct cgfence_counters *counters)
{
#ifdef STANDING
	(void)counters;
	return bpf_get_current_ancestor_cgroup_id(STANDING_FIELD(image, member_level)) ==
	       judged->id;
#else
	__u64 fence;

	(void)judged;
	if (!counters)
		return false;
	fence = id_of_fence(image, counters);
	for (int level = 0; level < CGFENCE_LISTEN_DEPTH_MAX; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (id == fence)
			return true;
		if (!id)
			return false;
	}
	return false;
#endif
}

/* Has the task that listens been killed, if the guard is to do so? */
static __always_inline bool kill(const struct cgfence_image *image, const struct judged *judged,
				 struct cgfence_counters *counters)
{
	/* Where the trace program kills, it has sent the signal already; only the record is made here. */
	return image->ports.killed_by_trace ||
	       (caller_is_inside(image, judged, counters) && bpf_send_signal(SIGKILL) == 0);
}

POLICY_SEC("sockops", "sockops")
int cgfence_sockops(struct bpf_sock_ops *ctx)
{
	const struct cgfence_image *image = policy_in_place();
	struct cgfence_served served = cgfence_served_by_ipv4();
	struct cgfence_counters *counters;
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
	counters = counters_of_fence();
	if (image->enforce && image->ports.guard == CGFENCE_GUARD_KILL &&
	    kill(image, &judged, counters))
		verdict = CGFENCE_VERDICT_KILLED;
	served = served_by(ctx, image);
	socket_record(image, &judged, counters, CGFENCE_HOOK_LISTEN, verdict, CGFENCE_IPPROTO_TCP,
		      cgfence_served_family(served), port, bpf_get_socket_cookie(ctx),
		      image->task.sockops_by);
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
