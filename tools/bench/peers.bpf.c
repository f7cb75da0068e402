// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The peers of cgfence: programs that do nothing, or read data; a plain hash map of devices; a linear list of port rules. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "peers.h"

#define EMPTY(section, name) \
	SEC(section)         \
	int name(void *ctx)  \
	{                    \
		(void)ctx;   \
		return 1;    \
	}

EMPTY("cgroup/dev", empty_device)
EMPTY("cgroup/bind4", empty_bind4)
EMPTY("cgroup/bind6", empty_bind6)
EMPTY("cgroup/post_bind4", empty_post_bind4)
EMPTY("cgroup/post_bind6", empty_post_bind6)

/*
 * What it costs to read two words of a page of data, as a lookup in a table does, and one word in each of two pages. The
 * address of the second depends on the first. All of them are zero.
 */
__u32 pages[3][1024];

SEC("cgroup/dev")
int page_device(void *ctx)
{
	(void)ctx;
	return !pages[1][512 + (pages[1][0] & 511)];
}

SEC("cgroup/dev")
int pages_device(void *ctx)
{
	(void)ctx;
	return !pages[2][pages[1][0] & 1023];
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct peer_device);
	__type(value, __u32);
} devices SEC(".maps");

/* An exact device, else any minor of its major. */
SEC("cgroup/dev")
int hash_device(struct bpf_cgroup_dev_ctx *ctx)
{
	__u32 access = ctx->access_type >> 16;
	struct peer_device key = {
		.type = ctx->access_type & 0xffff,
		.major = ctx->major,
		.minor = ctx->minor,
	};
	const __u32 *allowed = bpf_map_lookup_elem(&devices, &key);

	if (!allowed) {
		key.minor = PEER_ANY;
		allowed = bpf_map_lookup_elem(&devices, &key);
	}
	return allowed && (access & ~*allowed) == 0;
}

/* What systemd attaches for SocketBindAllow= and SocketBindDeny=, by the rules of its socket-bind.bpf.c. */
struct rules {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PEER_RULES_MAX);
	__type(key, __u32);
	__type(value, struct peer_rule);
} allow_rules SEC(".maps"), deny_rules SEC(".maps");

static __always_inline bool rule_matches(const struct peer_rule *rule, __u32 family, __u32 protocol,
					 __u16 port)
{
	return (!rule->family || rule->family == (__u8)family) &&
	       (!rule->protocol || rule->protocol == protocol) &&
	       (!rule->port_count ||
		(port >= rule->port_min && port < rule->port_min + (__u32)rule->port_count));
}

static __always_inline bool list_matches(const struct bpf_sock_addr *ctx, void *list)
{
	volatile __u32 user_port = ctx->user_port;
	__u16 port = (__u16)bpf_ntohs((__u16)user_port);

	for (__u32 i = 0; i < PEER_RULES_MAX; i++) {
		const __u32 key = i;
		const struct peer_rule *rule = bpf_map_lookup_elem(list, &key);

		if (!rule || rule->family == PEER_END)
			break;
		if (rule_matches(rule, ctx->user_family, ctx->protocol, port))
			return true;
	}
	return false;
}

static __always_inline int judge(const struct bpf_sock_addr *ctx, __u32 family)
{
	if (ctx->user_family != family || ctx->family != family)
		return 1;
	return list_matches(ctx, &allow_rules) || !list_matches(ctx, &deny_rules);
}

SEC("cgroup/bind4")
int linear_bind4(struct bpf_sock_addr *ctx)
{
	return judge(ctx, 2 /* AF_INET */);
}

SEC("cgroup/bind6")
int linear_bind6(struct bpf_sock_addr *ctx)
{
	return judge(ctx, 10 /* AF_INET6 */);
}

char _license[] SEC("license") = "Dual BSD/GPL";
