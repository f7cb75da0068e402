// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The port filter. bind4 and bind6 judge what a process asks for, post_bind4 and post_bind6 what it got, which another
 * program may have changed in between. The kernel chooses both by the cgroup in which the socket was created.
 */
#include "asked.bpf.h"
#include "socket.bpf.h"

/* bpf_sock_addr bind programs: 1 allows, and bit 1 waives CAP_NET_BIND_SERVICE (Linux 5.12). */
#define BIND_REFUSE 0
#define BIND_ALLOW 1
#define BIND_ALLOW_PRIVILEGED 3

static __always_inline const struct cgfence_image *get_image(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cgfence_policy, &zero);
}

static __always_inline void remember(struct bpf_sock_addr *ctx, __u32 port)
{
	struct asked *asked =
		bpf_sk_storage_get(&cgfence_asked, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (asked) {
		asked->port = port;
		asked->pending = true;
	}
}

/* An earlier bind that failed must not excuse this one. */
static __always_inline void forget(struct bpf_sock_addr *ctx)
{
	struct asked *asked = bpf_sk_storage_get(&cgfence_asked, ctx->sk, 0, 0);

	if (asked)
		asked->pending = false;
}

static __always_inline int judge_bind(struct bpf_sock_addr *ctx, const struct cgfence_image *image,
				      struct served_families served)
{
	__u32 port = bpf_ntohs((__u16)ctx->user_port);
	bool allowed = port && socket_port_allowed(image, ctx->protocol, served, port);

	/* What is allowed in any network namespace need not be asked for its own. */
	if ((!allowed || image->ports.privileged) && !socket_concerns_fence(image, ctx, ctx->sk))
		return BIND_ALLOW;
	if (!port) {
		remember(ctx, 0);
		return BIND_ALLOW;
	}
	forget(ctx);
	if (!allowed) {
		socket_record(image, CGFENCE_HOOK_BIND, socket_verdict(image), ctx->protocol,
			      served.ipv6 ? CGFENCE_IPV6 : CGFENCE_IPV4, port, 0,
			      image->task.by_offset);
		if (image->enforce)
			return BIND_REFUSE;
		remember(ctx, port);
		return BIND_ALLOW;
	}
	if (image->ports.privileged && port < CGFENCE_PRIVILEGED_PORTS &&
	    socket_port_assigned(image, ctx->protocol, served, port))
		return BIND_ALLOW_PRIVILEGED;
	return BIND_ALLOW;
}

/* The family in the address is not looked at: the kernel takes AF_UNSPEC for AF_INET on such a socket (inet_bind). */
SEC("cgroup/bind4")
int cgfence_bind4(struct bpf_sock_addr *ctx)
{
	struct served_families served = { .ipv4 = true };
	const struct cgfence_image *image = get_image();

	return image ? judge_bind(ctx, image, served) : BIND_REFUSE;
}

SEC("cgroup/bind6")
int cgfence_bind6(struct bpf_sock_addr *ctx)
{
	const struct cgfence_image *image = get_image();
	__u32 address[4];

	if (!image)
		return BIND_REFUSE;
	address[0] = ctx->user_ip6[0];
	address[1] = ctx->user_ip6[1];
	address[2] = ctx->user_ip6[2];
	address[3] = ctx->user_ip6[3];
	return judge_bind(ctx, image,
			  socket_families_of_ipv6(address, socket_is_v6only(image, ctx->sk)));
}

/* Has the bind program dealt with this port, or with the lack of one? */
static __always_inline bool was_asked(struct bpf_sock *ctx, __u32 port)
{
	struct asked *asked = bpf_sk_storage_get(&cgfence_asked, ctx, 0, 0);

	if (!asked || !asked->pending)
		return false;
	asked->pending = false;
	return !asked->port || asked->port == port;
}

static __always_inline bool may_have_begun_before(const struct cgfence_image *image, __u32 port)
{
	return port >= image->ports.ephemeral_low && port <= image->ports.ephemeral_high &&
	       bpf_ktime_get_boot_ns() - image->ports.since_ns < CGFENCE_BIND_NS;
}

static __always_inline int judge_bound(struct bpf_sock *ctx, const struct cgfence_image *image,
				       struct served_families served)
{
	__u32 port = ctx->src_port;

	if (socket_port_allowed(image, ctx->protocol, served, port) ||
	    !socket_concerns_fence(image, ctx, ctx))
		return 1;
	if (was_asked(ctx, port) || may_have_begun_before(image, port))
		return 1;
	socket_record(image, CGFENCE_HOOK_BIND, socket_verdict(image), ctx->protocol,
		      served.ipv6 ? CGFENCE_IPV6 : CGFENCE_IPV4, port, 0, image->task.by_offset);
	return !image->enforce;
}

SEC("cgroup/post_bind4")
int cgfence_post_bind4(struct bpf_sock *ctx)
{
	struct served_families served = { .ipv4 = true };
	const struct cgfence_image *image = get_image();

	return image ? judge_bound(ctx, image, served) : 0;
}

SEC("cgroup/post_bind6")
int cgfence_post_bind6(struct bpf_sock *ctx)
{
	const struct cgfence_image *image = get_image();
	__u32 address[4];

	if (!image)
		return 0;
	address[0] = ctx->src_ip6[0];
	address[1] = ctx->src_ip6[1];
	address[2] = ctx->src_ip6[2];
	address[3] = ctx->src_ip6[3];
	return judge_bound(ctx, image,
			   socket_families_of_ipv6(address, socket_is_v6only(image, ctx)));
}

/* The bind of an SCTP socket passes no cgroup hook (sctp_bind, net/sctp/socket.c), so there must be no such socket. */
SEC("cgroup/sock_create")
int cgfence_sock_create(struct bpf_sock *ctx)
{
	const struct cgfence_image *image;

	if (ctx->protocol != IPPROTO_SCTP)
		return 1;
	image = get_image();
	if (!image)
		return 0;
	if (!socket_concerns_fence(image, ctx, ctx))
		return 1;
	socket_record(image, CGFENCE_HOOK_CREATE, socket_verdict(image), IPPROTO_SCTP,
		      ctx->family == AF_INET6 ? CGFENCE_IPV6 : CGFENCE_IPV4, 0, 0,
		      image->task.by_offset);
	return !image->enforce;
}

char _license[] SEC("license") = "Dual BSD/GPL";
