// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Judges for all fences of the host who calls listen(2): one program, where a fence's own goes by the cgroup in which the
 * socket was made. An accepted connection of a listener made outside can be disconnected, bound and made to listen. It
 * kills too where sockops programs may not send signals (before 6.18). It sees a socket without a port before the kernel
 * chooses one (inet_csk_listen_start, net/ipv4/inet_connection_sock.c).
 */
#include "ancestor.bpf.h"
#include "kernel_types.bpf.h"
#include "numbers.bpf.h"
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <cgfence/verdict.h>

/* Divisors of how many there may be. */
#define LEVELS_AT_ONCE 8
#define SLOTS_AT_ONCE 16

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct cgfence_traced_fence);
} cgfence_traced SEC(".maps");

/* Of the fences that have more words than there is room for above. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct cgfence_traced_bitmaps);
} cgfence_traced_w SEC(".maps");

/* The standing fences, which are known above by their ids. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CGFENCE_TRACED_STANDING);
	__type(key, __u32);
	__type(value, struct cgfence_traced_standing);
} cgfence_traced_s SEC(".maps");

/* The maps of their members. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CGFENCE_TRACED_STANDING);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__uint(map_flags, BPF_F_NO_PREALLOC);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u64));
			__uint(value_size, sizeof(struct cgfence_member));
		});
} cgfence_traced_m SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGFENCE_EVENTS_SIZE);
} cgfence_events SEC(".maps");

/* While the buffer is half full, one event in so long is sent. */
#define SPARSE_NS (1000 * 1000ULL)

/* When one was sent last, in one element. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cgfence_traced_t SEC(".maps");

/* Above a port. */
#define SERVES_IPV4 0x10000
#define SERVES_IPV6 0x20000

struct listener {
	__u32 netns_inum;
	__u32 port; /* 0 if the kernel has yet to choose one */
	struct cgfence_served served;
};

static __always_inline bool may_serve(const struct cgfence_traced_ports *ports, int family,
				      __u64 fence_id, __u32 port)
{
	const struct cgfence_traced_bitmaps *bitmaps;
	__u32 word = port / 64 - ports->first_word;

	if (!port)
		return ports->every;
	if (word >= ports->word_count)
		return ports->outside;
	if (ports->word_count <= CGFENCE_TRACED_WORDS)
		return ports->words[word & (CGFENCE_TRACED_WORDS - 1)] >> (port % 64) & 1;
	bitmaps = bpf_map_lookup_elem(&cgfence_traced_w, &fence_id);
	/* It is told of the fence only after these. */
	return bitmaps &&
	       bitmaps->words[family][word & (CGFENCE_PORT_WORDS - 1)] >> (port % 64) & 1;
}

static __always_inline bool is_excess(const struct cgfence_traced_fence *fence, __u64 fence_id,
				      const struct listener *listener)
{
	if (!fence->netns_any && fence->netns_inum != listener->netns_inum)
		return false;
	return (listener->served.ipv4 &&
		!may_serve(&fence->ports[CGFENCE_IPV4], CGFENCE_IPV4, fence_id, listener->port)) ||
	       (listener->served.ipv6 &&
		!may_serve(&fence->ports[CGFENCE_IPV6], CGFENCE_IPV6, fence_id, listener->port));
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

static __always_inline struct cgroup *cgroup_of_socket(struct sock *sock)
{
	struct sock_cgroup_data___val *with_val = (void *)&sock->sk_cgrp_data;
	__u64 val;

	if (!bpf_core_field_exists(with_val->val))
		return BPF_CORE_READ(sock, sk_cgrp_data.cgroup);
	val = BPF_CORE_READ(with_val, val);
	return val & 1 ? 0 : (struct cgroup *)val;
}

/*
 * The second half of the buffer is for the listeners of all fences (bpf/denial.bpf.h), and whoever has a socket from outside
 * can have it listen as often as he likes. Any of these events is followed by a pass over all fences.
 */
static __always_inline bool has_room(__u64 now_ns)
{
	__u32 zero = 0;
	__u64 *last_ns = bpf_map_lookup_elem(&cgfence_traced_t, &zero);

	if (bpf_ringbuf_query(&cgfence_events, BPF_RB_AVAIL_DATA) < CGFENCE_EVENTS_SIZE / 2)
		return true;
	if (!last_ns || now_ns - *last_ns < SPARSE_NS)
		return false;
	*last_ns = now_ns;
	return true;
}

static __always_inline void report(const struct listener *listener, __u64 fence_id, __u64 member,
				   __u8 verdict, __u64 cookie)
{
	struct cgfence_event event = {
		.cgroup_id = fence_id,
		.socket_cookie = cookie,
		.made_outside = 1,
		.member = member,
		.record.subject = {
			.hook = CGFENCE_HOOK_LISTEN,
			.verdict = verdict,
			.type = CGFENCE_IPPROTO_TCP,
			.access = cgfence_served_family(listener->served),
			.major = listener->port,
		},
		.record.count = 1,
	};

	event.record.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event.record.comm, sizeof(event.record.comm));
	event.record.first_ns = bpf_ktime_get_boot_ns();
	event.record.last_ns = event.record.first_ns;
	if (has_room(event.record.first_ns))
		bpf_ringbuf_output(&cgfence_events, &event, sizeof(event), 0);
}

/*
 * Judges for one fence above the task. A global function, which the verifier looks at once and not for each level; its
 * arguments must be numbers (5.10).
 * @socket: its port with the families that reach it above that, SERVES_IPV4 and SERVES_IPV6, and in the upper half its
 * network namespace: a function has five arguments
 * @inside: the socket was made in that fence too, whose own program records it
 * @member: of a standing fence; else 0
 */
__attribute__((noinline)) int judge(__u64 fence_id, __u64 member, __u64 socket, __u32 inside,
				    __u64 cookie)
{
	const struct cgfence_traced_fence *fence = bpf_map_lookup_elem(&cgfence_traced, &fence_id);
	__u32 port = (__u32)socket;
	struct listener listener = {
		.netns_inum = socket >> 32,
		.port = port & 0xffff,
		.served.ipv4 = port & SERVES_IPV4,
		.served.ipv6 = port & SERVES_IPV6,
	};
	__u8 verdict = CGFENCE_VERDICT_AUDITED;

	if (!fence || !is_excess(fence, fence_id, &listener))
		return 0;
	if (fence->enforce)
		verdict = CGFENCE_VERDICT_SEEN;
	if ((inside ? fence->kills_inside : fence->kills) && bpf_send_signal(SIGKILL) == 0)
		verdict = CGFENCE_VERDICT_KILLED;
	if (!inside)
		report(&listener, fence_id, member, verdict, cookie);
	return 0;
}

/* The member that a cgroup, an address, is in; 0 if it is in none. */
static __always_inline __u64 member_of(__u64 cgroup, __u32 index, __u32 level)
{
	void *members = bpf_map_lookup_elem(&cgfence_traced_m, &index);
	__u64 id = ancestor_id((struct cgroup *)cgroup, (int)level);

	return members && id && bpf_map_lookup_elem(members, &id) ? id : 0;
}

/* For each of the standing fences; a global function, whose arguments must be numbers. */
__attribute__((noinline)) int judge_slot(__u32 index, __u64 of_task, __u64 of_socket, __u64 socket,
					 __u64 cookie)
{
	const struct cgfence_traced_standing *standing =
		bpf_map_lookup_elem(&cgfence_traced_s, &index);
	__u64 member;

	if (!standing || !standing->id)
		return 0;
	member = member_of(of_task, index, standing->member_level);
	if (member)
		judge(standing->id, member, socket,
		      member_of(of_socket, index, standing->member_level) != 0, cookie);
	return 0;
}

/*
 * Some of the standing fences. The verifier follows a loop round by round, so one of 256 would take it as long as all other
 * programs of a fence together; of this function it sees each round once.
 */
__attribute__((noinline)) int judge_slots(__u32 first, __u64 of_task, __u64 of_socket, __u64 socket,
					  __u64 cookie)
{
	for (__u32 i = 0; i < SLOTS_AT_ONCE; i++) {
		const struct cgfence_traced_standing *standing;
		__u32 index = first + i;

		/* Keeps the counter in a register, where the verifier of 5.10 sees that it grows. */
		asm volatile("" : "+r"(i));
		standing = bpf_map_lookup_elem(&cgfence_traced_s, &index);
		if (standing && standing->id)
			judge_slot(index, of_task, of_socket, socket, cookie);
	}
	return 0;
}

/* Some of the levels above the task. Return: 1 if there are no more. */
__attribute__((noinline)) int judge_levels(__u32 first, __u64 of_task, __u64 of_socket,
					   __u64 socket, __u64 cookie)
{
	for (__u32 i = 0; i < LEVELS_AT_ONCE; i++) {
		int level = (int)(first + i);
		__u64 id;

		/* Keeps the compiler from reading before the loop what this kernel does not have. */
		asm volatile("" : "+r"(i), "+r"(of_task), "+r"(of_socket));
		id = ancestor_id((struct cgroup *)of_task, level);
		if (!id)
			return 1;
		if (bpf_map_lookup_elem(&cgfence_traced, &id))
			judge(id, 0, socket, ancestor_id((struct cgroup *)of_socket, level) == id,
			      cookie);
	}
	return 0;
}

static __always_inline void judge_caller(struct sock *sock, __u64 cookie)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup *of_task = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct cgroup *of_socket = cgroup_of_socket(sock);
	struct listener listener = { 0 };
	__u64 socket;

	describe(sock, &listener);
	socket = (__u64)listener.netns_inum << 32 | listener.port |
		 (listener.served.ipv4 ? SERVES_IPV4 : 0) |
		 (listener.served.ipv6 ? SERVES_IPV6 : 0);
	for (__u32 i = 0; i < CGFENCE_TRACED_STANDING; i += SLOTS_AT_ONCE) {
		asm volatile("" : "+r"(i));
		judge_slots(i, (__u64)of_task, (__u64)of_socket, socket, cookie);
	}
	for (__u32 i = 0; i < CGFENCE_LISTEN_DEPTH_MAX; i += LEVELS_AT_ONCE) {
		asm volatile("" : "+r"(i));
		if (judge_levels(i, (__u64)of_task, (__u64)of_socket, socket, cookie))
			return;
	}
}

static __always_inline bool begins_to_listen(const unsigned long long *ctx)
{
	const struct sock *sock = (const struct sock *)ctx[0];

	/* inet_sock_set_state(sk, oldstate, newstate) */
	return (int)ctx[2] == TCP_LISTEN && sock->sk_protocol == CGFENCE_IPPROTO_TCP;
}

SEC("cgfence.tp_btf/inet_sock_set_state")
int cgfence_listen_trace(unsigned long long *ctx)
{
	struct sock *sock = (struct sock *)ctx[0];

	if (begins_to_listen(ctx))
		judge_caller(sock, bpf_get_socket_cookie(sock));
	return 0;
}

/* For 5.10, where tracing programs have no helper for the cookie: that of a socket that nobody asked for it is 0. */
SEC("cgfence.tp_btf/inet_sock_set_state")
int cgfence_listen_trace_510(unsigned long long *ctx)
{
	struct sock *sock = (struct sock *)ctx[0];

	if (begins_to_listen(ctx))
		judge_caller(sock, BPF_CORE_READ(sock, __sk_common.skc_cookie.counter));
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
