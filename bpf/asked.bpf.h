/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/*
 * The request of the last bind of a socket, where post_bind cannot judge by the port alone: a bind to port 0, whose
 * port is the kernel's choice and not a rewritten one, or a port that bind has recorded already.
 */
struct asked {
	__u32 mark;  /* of the fence that was asked, 0 if it is not the last bind any more */
	__u16 port;  /* 0: the kernel chooses */
	__u16 named; /* when an allowed port was asked for last, by asked_clock(), where that goes by family; 0 for never */
};

/* In steps of about a second, never 0. It comes round after 20 hours, which costs a bind to port 0 then. */
static __always_inline __u16 asked_clock(void)
{
	__u16 now = (__u16)(bpf_ktime_get_boot_ns() >> 30);

	return now ? now : 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct asked);
} cgfence_asked SEC(".maps");
