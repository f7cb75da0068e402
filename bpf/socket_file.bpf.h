/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells files apart: listening sockets, and files that may carry other files. */
#pragma once

#include "flight_types.bpf.h"
#include "kernel_types.bpf.h"
#include "numbers.bpf.h"
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <cgfence/verdict.h>

/* A UDP socket that is connected to port 0 hears all ports of the other end (compute_score, net/ipv4/udp.c). */
static __always_inline bool is_listener(struct sock *sock, __u16 family)
{
	__u16 protocol = BPF_CORE_READ(sock, sk_protocol);

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (cgfence_is_tcp(protocol))
		return BPF_CORE_READ(sock, __sk_common.skc_state) == TCP_LISTEN;
	return cgfence_is_udp(protocol) && BPF_CORE_READ(sock, __sk_common.skc_num) &&
	       !BPF_CORE_READ(sock, __sk_common.skc_dport);
}

/*
 * The cookie by which sock_diag(7) lists a listener; 0 if it was never listed. An MPTCP socket listens by a TCP socket
 * inside it, which is the one that is listed (__mptcp_socket_create, net/mptcp/protocol.c).
 */
static __always_inline __u64 listener_cookie(struct sock *sock)
{
	if (bpf_core_field_exists(struct mptcp_sock, first) &&
	    BPF_CORE_READ(sock, sk_protocol) == CGFENCE_IPPROTO_MPTCP)
		sock = BPF_CORE_READ((struct mptcp_sock *)sock, first);
	return BPF_CORE_READ(sock, __sk_common.skc_cookie.counter);
}

/* Has a unix socket descriptors in its queue, or connections that nobody has accepted and that may have some? */
static __always_inline bool unix_socket_carries(struct sock *sock)
{
	if (BPF_CORE_READ(sock, __sk_common.skc_state) == TCP_LISTEN)
		return BPF_CORE_READ(sock, sk_receive_queue.qlen) > 0;
	return BPF_CORE_READ((struct unix_sock *)sock, scm_stat.nr_fds.counter) > 0;
}

/* @file has an anonymous inode, and only the kernel names those. */
static __always_inline bool is_io_uring(struct file *file)
{
	union {
		char text[16];
		__u64 words[2];
	} name = { "" }, expected = { "[io_uring]" };
	const unsigned char *there = BPF_CORE_READ(file, f_path.dentry, d_name.name);

	bpf_probe_read_kernel_str(name.text, sizeof(name.text), there);
	return name.words[0] == expected.words[0] && name.words[1] == expected.words[1];
}
