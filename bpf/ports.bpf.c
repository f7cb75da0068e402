// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The port filter. bind4 and bind6 judge the port that a process asks for, post_bind4 and post_bind6 the port that it
 * got, which another program may have changed in between. The kernel selects both by the cgroup in which the socket was
 * created.
 */
#include "asked.bpf.h"
#include "socket.bpf.h"

/* bpf_sock_addr bind programs: 1 allows, and bit 1 waives CAP_NET_BIND_SERVICE (Linux 5.12). */
#define BIND_REFUSE 0
#define BIND_ALLOW 1
#define BIND_ALLOW_PRIVILEGED 3

static __always_inline void remember(struct bpf_sock_addr *ctx, struct cgfence_counters *counters,
				     __u32 port)
{
	struct asked *asked =
		bpf_sk_storage_get(&cgfence_asked, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (!asked)
		return;
	asked->port = port;
	asked->mark = mark_of_fence(counters);
}

/* Takes what the last bind of the socket asked the fence for. Return: NULL if that is not known. */
static __always_inline struct asked *take_asked(struct bpf_sock *socket,
						struct cgfence_counters *counters)
{
	struct asked *asked = bpf_sk_storage_get(&cgfence_asked, socket, 0, 0);

	if (!asked || asked->mark != mark_of_fence(counters))
		return 0;
	asked->mark = 0;
	return asked;
}

/* An earlier bind that failed must not excuse a later one. */
static __always_inline void forget(struct bpf_sock_addr *ctx)
{
	struct asked *asked = bpf_sk_storage_get(&cgfence_asked, ctx->sk, 0, 0);

	if (asked)
		asked->mark = 0;
}

/* Ignores the family in the address: the kernel takes AF_UNSPEC for AF_INET on such a socket (inet_bind). */
static __always_inline struct cgfence_served
served_when_bound(struct bpf_sock_addr *ctx, const struct cgfence_image *image, int family)
{
	__u32 address[4];

	if (family == AF_INET)
		return cgfence_served_by_ipv4();
	address[0] = ctx->user_ip6[0];
	address[1] = ctx->user_ip6[1];
	address[2] = ctx->user_ip6[2];
	address[3] = ctx->user_ip6[3];
	return cgfence_served_by_ipv6(address, socket_is_v6only(image, ctx->sk));
}

/*
 * By the time that the socket is bound it may serve both families, and another thread may have asked for port 0 with it
 * meanwhile, which then looks like the last bind.
 */
static __always_inline void remember_named(struct bpf_sock_addr *ctx)
{
	struct asked *asked =
		bpf_sk_storage_get(&cgfence_asked, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (!asked)
		return;
	asked->mark = 0;
	asked->named = asked_clock();
}

static __always_inline bool was_named_lately(const struct asked *asked)
{
	return asked->named && (__u16)(asked_clock() - asked->named) <= CGFENCE_BIND_NS >> 30;
}

static __always_inline int judge_bind(struct bpf_sock_addr *ctx, const struct cgfence_image *image,
				      int family)
{
	__u32 port = bpf_ntohs((__u16)ctx->user_port);
	struct cgfence_served served = cgfence_served_by_ipv4();
	struct cgfence_counters *counters;
	struct judged judged;
	bool allowed;

	if (!is_member(image, candidate_of_context_socket(image, ctx), &judged))
		return BIND_ALLOW;
	if (socket_judged_by_family(image))
		served = served_when_bound(ctx, image, family);
	allowed = port && socket_port_allowed(image, ctx->protocol, served, port);
	/* A port that is allowed needs no look at the network namespace. */
	if ((!allowed || UNLESS_LEAN(CGFENCE_FIELD(image, ports.privileged))) &&
	    !socket_concerns_fence(image, ctx, ctx->sk))
		return BIND_ALLOW;
	if (allowed) {
		if (socket_judged_by_family(image))
			remember_named(ctx);
		else
			forget(ctx);
		return UNLESS_LEAN(CGFENCE_FIELD(image, ports.privileged)) &&
				       port < CGFENCE_PRIVILEGED_PORTS &&
				       socket_port_waived(image, ctx->protocol, served, port)
			       ? BIND_ALLOW_PRIVILEGED
			       : BIND_ALLOW;
	}
	counters = counters_of_fence();
	if (!counters)
		return BIND_REFUSE;
	if (port) {
		served = served_when_bound(ctx, image, family);
		socket_record(image, &judged, counters, CGFENCE_HOOK_BIND, socket_verdict(image),
			      ctx->protocol, cgfence_served_family(served), port, 0,
			      image->task.ports_by);
		if (image->enforce)
			return BIND_REFUSE;
	}
	remember(ctx, counters, port);
	return BIND_ALLOW;
}

POLICY_SEC("bind4", "cgroup/bind4")
int cgfence_bind4(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, policy_in_place(), AF_INET);
}

POLICY_SEC("bind6", "cgroup/bind6")
int cgfence_bind6(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, policy_in_place(), AF_INET6);
}

static __always_inline bool is_ephemeral(const struct cgfence_image *image, __u32 port)
{
	return port >= image->ports.ephemeral_low && port <= image->ports.ephemeral_high;
}

/*
 * The kernel chose the port, but did the process leave it a choice? With IP_LOCAL_PORT_RANGE it narrows that down to one
 * port, and in a network namespace of its own the range may be whatever it wrote to ip_local_port_range.
 */
static __always_inline bool process_chose(struct bpf_sock *ctx, const struct cgfence_image *image,
					  bool own_netns, __u32 port)
{
	return (!own_netns && !is_ephemeral(image, port)) || socket_has_port_range(image, ctx);
}

/*
 * Where families differ, the bind program may have let a port pass for one of them, and then the socket became one that
 * serves both: that is no choice of the kernel's.
 */
static __always_inline bool may_have_begun_before(const struct cgfence_image *image,
						  struct cgfence_counters *counters,
						  struct cgfence_served served, __u32 port)
{
	if (CGFENCE_FIELD(image, socket.has_v6only_bit) && served.ipv4 && served.ipv6)
		return false;
	return is_ephemeral(image, port) &&
	       bpf_ktime_get_boot_ns() - ports_since_ns(image, counters) < CGFENCE_BIND_NS;
}

static __always_inline struct cgfence_served
served_by_bound(struct bpf_sock *ctx, const struct cgfence_image *image, int family)
{
	__u32 address[4];

	if (family == AF_INET)
		return cgfence_served_by_ipv4();
	address[0] = ctx->src_ip6[0];
	address[1] = ctx->src_ip6[1];
	address[2] = ctx->src_ip6[2];
	address[3] = ctx->src_ip6[3];
	return cgfence_served_by_ipv6(address, socket_context_is_v6only(image, ctx));
}

static __always_inline int judge_bound(struct bpf_sock *ctx, const struct cgfence_image *image,
				       int family)
{
	const struct cgfence_served only_ipv4 = { true, false };
	const struct cgfence_served only_ipv6 = { false, true };
	struct cgfence_served served = only_ipv4;
	bool differs = false; /* between the families */
	struct cgfence_counters *counters;
	struct judged judged;
	__u32 port = ctx->src_port;
	const struct asked *asked;
	__u32 asked_port = 0;
	bool own_netns;

	if (!is_member(image, candidate_of_socket(image, ctx), &judged))
		return 1;
	if (socket_judged_by_family(image)) {
		bool ipv4 = socket_port_allowed(image, ctx->protocol, only_ipv4, port);
		bool ipv6 = socket_port_allowed(image, ctx->protocol, only_ipv6, port);

		served = served_by_bound(ctx, image, family);
		if ((ipv4 || !served.ipv4) && (ipv6 || !served.ipv6))
			return 1;
		differs = ipv4 != ipv6;
	} else if (socket_port_allowed(image, ctx->protocol, only_ipv4, port)) {
		return 1;
	}
	counters = counters_of_fence();
	if (!counters)
		return 0;
	asked = take_asked(ctx, counters);
	if (asked)
		asked_port = asked->port;
	if (asked && asked_port == port)
		return 1;
	own_netns = socket_is_in_own_netns(image, ctx, ctx);
	if (!own_netns && !socket_netns_is_unknown(image) && !CGFENCE_FIELD(image, ports.netns_any))
		return 1;
	if (asked ? !asked_port && !process_chose(ctx, image, own_netns, port) &&
			    !(differs && was_named_lately(asked))
		  : may_have_begun_before(image, counters, served, port))
		return 1;
	served = served_by_bound(ctx, image, family);
	socket_record(image, &judged, counters, CGFENCE_HOOK_BIND, socket_verdict(image),
		      ctx->protocol, cgfence_served_family(served), port, 0, image->task.ports_by);
	return !image->enforce;
}

POLICY_SEC("post_bind4", "cgroup/post_bind4")
int cgfence_post_bind4(struct bpf_sock *ctx)
{
	return judge_bound(ctx, policy_in_place(), AF_INET);
}

POLICY_SEC("post_bind6", "cgroup/post_bind6")
int cgfence_post_bind6(struct bpf_sock *ctx)
{
	return judge_bound(ctx, policy_in_place(), AF_INET6);
}

/*
 * The bind of an SCTP socket passes no cgroup hook (sctp_bind, net/sctp/socket.c), so the fence refuses to create one.
 */
POLICY_SEC("sock_create", "cgroup/sock_create")
int cgfence_sock_create(struct bpf_sock *ctx)
{
	const struct cgfence_image *image = policy_in_place();
	struct judged judged;

	if (ctx->protocol != CGFENCE_IPPROTO_SCTP)
		return 1;
	if (!is_member(image, candidate_of_socket(image, ctx), &judged) ||
	    !socket_concerns_fence(image, ctx, ctx))
		return 1;
	socket_record(image, &judged, counters_of_fence(), CGFENCE_HOOK_CREATE,
		      socket_verdict(image), CGFENCE_IPPROTO_SCTP,
		      CGFENCE_IPV4 + cgfence_is_zero(ctx->family ^ AF_INET6), 0, 0,
		      image->task.ports_by);
	return !image->enforce;
}

char _license[] SEC("license") = "Dual BSD/GPL";
