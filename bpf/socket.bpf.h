/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the port programs: the families that a socket serves, its network namespace, and the verdict. */
#pragma once

#include "denial.bpf.h"
#include "lean.bpf.h"
#include "numbers.bpf.h"
#include <bpf/bpf_endian.h>
#include <cgfence/verdict.h>

/* The head of struct sock; no helper shows all of it. */
struct socket_head {
	char bytes[CGFENCE_SOCKET_HEAD_SIZE];
};

static __always_inline bool socket_is_v6only(const struct cgfence_image *image, const void *socket)
{
	struct socket_head head;
	__u32 bit = CGFENCE_FIELD(image, socket.v6only_bit);

	if (!CGFENCE_FIELD(image, socket.has_v6only_bit) ||
	    bpf_probe_read_kernel(&head, sizeof(head), socket) ||
	    bit / 8 >= CGFENCE_SOCKET_HEAD_SIZE)
		return false;
	return head.bytes[bit / 8] >> (bit % 8) & 1;
}

/* The same for a program whose context is the socket: the verifier lets it add to that, but not to another pointer. */
static __always_inline bool socket_context_is_v6only(const struct cgfence_image *image,
						     const struct bpf_sock *ctx)
{
	__u32 bit = CGFENCE_FIELD(image, socket.v6only_bit);
	__u8 byte = 0;

	if (!CGFENCE_FIELD(image, socket.has_v6only_bit))
		return false;
	bpf_probe_read_kernel(&byte, sizeof(byte), (const char *)ctx + bit / 8);
	return byte >> (bit % 8) & 1;
}

/* For kernels without network namespace cookies. */
static __always_inline __u32 socket_netns_inum(const struct cgfence_image *image,
					       const void *socket)
{
	__u32 offset = CGFENCE_FIELD(image, socket.net_offset);
	struct socket_head head;
	__u32 inum = 0;
	__u64 net;

	if (offset > CGFENCE_SOCKET_HEAD_SIZE - sizeof(net) ||
	    bpf_probe_read_kernel(&head, sizeof(head), socket))
		return 0;
	net = *(__u64 *)(head.bytes + offset);
	bpf_probe_read_kernel(&inum, sizeof(inum),
			      (void *)(net + CGFENCE_FIELD(image, socket.inum_offset)));
	return inum;
}

/* Did the process say with IP_LOCAL_PORT_RANGE which ports the kernel may choose? The kernel has that since 6.3. */
static __always_inline bool socket_has_port_range(const struct cgfence_image *image,
						  const void *socket)
{
	__u32 range = 0;

	if (CGFENCE_FIELD(image, socket.has_port_range))
		bpf_probe_read_kernel(&range, sizeof(range),
				      (const char *)socket +
					      CGFENCE_FIELD(image, socket.port_range_offset));
	return range;
}

/* @by: enum cgfence_netns_by */
static __always_inline bool socket_is_in_own_netns_by(__u32 by, const struct cgfence_image *image,
						      void *context, const void *socket)
{
	if (UNLESS_LEAN(by) == CGFENCE_NETNS_BY_INUM)
		return socket_netns_inum(image, socket) == image->ports.netns_inum;
	return UNLESS_LEAN(by) == CGFENCE_NETNS_BY_COOKIE &&
	       bpf_get_netns_cookie(context) == image->ports.netns_cookie;
}

/*
 * Is the socket, whose struct sock is at @socket, in the network namespace that the fence was attached from? No, if that
 * is unknown. This and the next two are for all programs except sockops ones.
 */
static __always_inline bool socket_is_in_own_netns(const struct cgfence_image *image, void *context,
						   const void *socket)
{
	return socket_is_in_own_netns_by(CGFENCE_FIELD(image, socket.netns_by), image, context,
					 socket);
}

static __always_inline bool socket_netns_is_unknown(const struct cgfence_image *image)
{
	return UNLESS_LEAN(CGFENCE_FIELD(image, socket.netns_by)) == CGFENCE_NETNS_UNKNOWN;
}

/* Is it in a network namespace that the fence is for, or may it be? */
static __always_inline bool socket_concerns_fence(const struct cgfence_image *image, void *context,
						  const void *socket)
{
	return CGFENCE_FIELD(image, ports.netns_any) || socket_netns_is_unknown(image) ||
	       socket_is_in_own_netns(image, context, socket);
}

/* If not, a verdict on a port is the same for all families, and so one is enough to ask for. */
static __always_inline bool socket_judged_by_family(const struct cgfence_image *image)
{
	return UNLESS_LEAN(CGFENCE_FIELD(image, ports.by_family));
}

/* A protocol that a policy cannot name has no assigned ports. */
static __always_inline bool socket_port_allowed(const struct cgfence_image *image,
						__u32 ip_protocol, struct cgfence_served served,
						__u64 port)
{
	if (cgfence_is_tcp(ip_protocol))
		return cgfence_served_allowed(image, CGFENCE_TCP, served, port);
	if (cgfence_is_udp(ip_protocol))
		return cgfence_served_allowed(image, CGFENCE_UDP, served, port);
	return false;
}

static __always_inline bool socket_port_waived(const struct cgfence_image *image, __u32 ip_protocol,
					       struct cgfence_served served, __u64 port)
{
	if (cgfence_is_tcp(ip_protocol))
		return cgfence_served_waived(image, CGFENCE_TCP, served, port);
	return cgfence_is_udp(ip_protocol) &&
	       cgfence_served_waived(image, CGFENCE_UDP, served, port);
}

/* Of the two only the lowest byte is recorded. */
_Static_assert((__u8)CGFENCE_IPPROTO_MPTCP == CGFENCE_IPPROTO_TCP, "MPTCP is recorded as TCP");

/*
 * Records that the current task was refused a port.
 * @counters: of the fence
 * @cookie: of the socket that listens all the same, or 0
 * @by: enum cgfence_task_by
 */
static __always_inline void socket_record(const struct cgfence_image *image,
					  const struct judged *judged,
					  struct cgfence_counters *counters, __u8 hook,
					  __u8 verdict, __u32 ip_protocol, __u8 family, __u32 port,
					  __u64 cookie, __u32 by)
{
	DENIAL_EVENT event;

	event.socket_cookie = cookie;
	event.made_outside = 0;
	event.unused = 0;
	event.record.subject = (struct cgfence_denial_subject){
		.hook = hook,
		.verdict = verdict,
		.type = (__u8)ip_protocol,
		.access = family,
		.major = port,
	};
	denial_record(&event, image, judged, counters, hook, cookie, by);
}

static __always_inline __u8 socket_verdict(const struct cgfence_image *image)
{
	return image->enforce ? CGFENCE_VERDICT_DENIED : CGFENCE_VERDICT_AUDITED;
}
