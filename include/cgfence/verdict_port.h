/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verdict on a port. */
#pragma once

#include <cgfence/abi.h>
#include <cgfence/verdict_field.h>
#include <stdbool.h>

/** cgfence_port_words_have() - cgfence_port_bitmap_has(), with the fields of the bitmap. */
static __always_inline bool cgfence_port_words_have(const struct cgfence_image *image,
						    __u64 outside, __u64 first_word,
						    __u64 word_count, __u64 offset, __u64 port)
{
	const __u64 *words = (const __u64 *)image + offset;
	/* Below the first word the subtraction wraps to a value above the last. */
	__u64 word = port / 64 - first_word;

	/* The comparison and the use must share one register, or the verifier sees no bound. */
	__asm__ volatile("" : "+r"(word));
	if (word >= word_count)
		return outside;
	word = words[word] >> (port % 64);
	/* Keeps the compiler from shifting a bit to compare it with, which takes twice the instructions. */
	__asm__ volatile("" : "+r"(word));
	return word & 1;
}

/** cgfence_port_bitmap_has() - is @port, in host order, in a set of ports of @image? */
static __always_inline bool cgfence_port_bitmap_has(const struct cgfence_image *image,
						    const struct cgfence_port_bitmap *bitmap,
						    __u64 port)
{
	return cgfence_port_words_have(image, bitmap->outside, bitmap->first_word,
				       bitmap->word_count, bitmap->offset, port);
}

/**
 * cgfence_port_allowed() - may a socket of the fence serve this port?
 * @image: a compiled policy that fences ports
 * @protocol: enum cgfence_protocol, a constant
 * @family: enum cgfence_family, a constant
 * @port: in host order, 1 to 65535
 *
 * Return: true if the port is assigned, or is outside the isolated range.
 */
static __always_inline bool cgfence_port_allowed(const struct cgfence_image *image, int protocol,
						 int family, __u64 port)
{
	return cgfence_port_words_have(
		image, CGFENCE_FIELD(image, ports.allowed[protocol][family].outside),
		CGFENCE_FIELD(image, ports.allowed[protocol][family].first_word),
		CGFENCE_FIELD(image, ports.allowed[protocol][family].word_count),
		CGFENCE_FIELD(image, ports.allowed[protocol][family].offset), port);
}

/**
 * cgfence_port_is_waived() - may the port be bound without CAP_NET_BIND_SERVICE?
 * @port: below CGFENCE_PRIVILEGED_PORTS
 *
 * The bitmaps begin at port 0. If they began above, the verifiers of 5.10 and 6.1 would follow an impossible path,
 * since they do not see that no port is below.
 */
static __always_inline bool cgfence_port_is_waived(const struct cgfence_image *image, int protocol,
						   int family, __u64 port)
{
	return cgfence_port_words_have(
		image, CGFENCE_FIELD(image, ports.waived[protocol][family].outside),
		CGFENCE_FIELD(image, ports.waived[protocol][family].first_word),
		CGFENCE_FIELD(image, ports.waived[protocol][family].word_count),
		CGFENCE_FIELD(image, ports.waived[protocol][family].offset), port);
}

/** cgfence_is_tcp() - is @ip_protocol, an IPPROTO_* number, what a policy calls TCP? */
static __always_inline bool cgfence_is_tcp(__u32 ip_protocol)
{
	return ip_protocol == CGFENCE_IPPROTO_TCP || ip_protocol == CGFENCE_IPPROTO_MPTCP;
}

/** cgfence_is_udp() - is @ip_protocol, an IPPROTO_* number, what a policy calls UDP? */
static __always_inline bool cgfence_is_udp(__u32 ip_protocol)
{
	return ip_protocol == CGFENCE_IPPROTO_UDP || ip_protocol == CGFENCE_IPPROTO_UDPLITE;
}

/** struct cgfence_served - the families that reach a socket. */
struct cgfence_served {
	bool ipv4;
	bool ipv6;
};

/**
 * cgfence_is_zero() - 1 if @value, of 32 bits, is 0, and 0 if not.
 *
 * It has no branch, after which the verifier might look at all that follows once for each way.
 */
static __always_inline __u64 cgfence_is_zero(__u64 value)
{
	/* Keeps the compiler from making one. */
	__asm__ volatile("" : "+r"(value));
	return (value - 1) >> 63;
}

/** cgfence_served_by_ipv4() - the families that reach an AF_INET socket. */
static __always_inline struct cgfence_served cgfence_served_by_ipv4(void)
{
	struct cgfence_served served = { true, false };

	return served;
}

/**
 * cgfence_served_by_ipv6() - the families that reach an AF_INET6 socket.
 * @address: that it is bound to, in network order, as in struct in6_addr
 * @v6only: its option IPV6_V6ONLY
 *
 * An IPv4-mapped address serves IPv4, and [::] both unless IPV6_V6ONLY is set (ipv6(7)).
 */
static __always_inline struct cgfence_served cgfence_served_by_ipv6(const __u32 address[4],
								    bool v6only)
{
	const union {
		__u8 bytes[4];
		__u32 word;
	} mapped = { { 0, 0, 0xff, 0xff } };
	struct cgfence_served served;
	__u64 high = address[0] | address[1];
	__u64 is_mapped = cgfence_is_zero(high | (address[2] ^ mapped.word));
	__u64 is_any = cgfence_is_zero(high | address[2] | address[3]);

	served.ipv4 = is_mapped | (is_any & !v6only);
	served.ipv6 = !is_mapped;
	return served;
}

/** cgfence_served_family() - the family under which a refusal of such a socket is recorded. */
static __always_inline enum cgfence_family cgfence_served_family(struct cgfence_served served)
{
	return (enum cgfence_family)(CGFENCE_IPV4 + served.ipv6);
}

/** cgfence_served_allowed() - cgfence_port_allowed() for all families that reach a socket. */
static __always_inline bool cgfence_served_allowed(const struct cgfence_image *image, int protocol,
						   struct cgfence_served served, __u64 port)
{
	return (!served.ipv4 || cgfence_port_allowed(image, protocol, CGFENCE_IPV4, port)) &&
	       (!served.ipv6 || cgfence_port_allowed(image, protocol, CGFENCE_IPV6, port));
}

/** cgfence_served_waived() - cgfence_port_is_waived() for all families that reach a socket. */
static __always_inline bool cgfence_served_waived(const struct cgfence_image *image, int protocol,
						  struct cgfence_served served, __u64 port)
{
	return (!served.ipv4 || cgfence_port_is_waived(image, protocol, CGFENCE_IPV4, port)) &&
	       (!served.ipv6 || cgfence_port_is_waived(image, protocol, CGFENCE_IPV6, port));
}
